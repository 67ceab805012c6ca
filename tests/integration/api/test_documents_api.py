"""The documents are served, and their pages need no other host."""

import re
from collections.abc import Sequence
from urllib.parse import urljoin

import httpx
import pytest
from litestar import Litestar
from serving import serving

from api.documents.asyncapi import asyncapi_document
from api.routes import documents
from scorewire.jobs.schema import message_schema

LOADED = re.compile(r'<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)="([^"]*)"')
LINKED = re.compile(r'<a\b[^>]*?\bhref="([^"#]+)"')
IN_STYLES = re.compile(r"(?:url\(|@import)\s*[\"']?([^\"')\s]+)")


def directives(policy: str) -> dict[str, Sequence[str]]:
    """Split a Content-Security-Policy."""
    parts = (directive.split() for directive in policy.split(";"))
    return {name: sources for name, *sources in parts}


@pytest.mark.parametrize("page", ["/api/docs", "/api/docs/stream"])
async def test_a_page_needs_no_other_host(client: httpx.AsyncClient, page: str) -> None:
    """[R4] All that a page loads and links is served here; its policy allows nothing else."""
    answer = await client.get(page)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    allowed = directives(answer.headers["content-security-policy"])
    assert allowed.pop("default-src") == ["'none'"]
    assert {source for sources in allowed.values() for source in sources} <= {
        "'none'", "'self'", "'unsafe-inline'", "data:",
    }  # fmt: skip
    assert allowed["script-src"] == ["'self'"]
    references = LOADED.findall(answer.text) + LINKED.findall(answer.text)
    assert references
    for reference in references:
        assert "//" not in reference
        found = await client.get(urljoin(page, reference))
        assert found.status_code == 200, reference
        if found.headers["content-type"].startswith("text/css"):
            assert all(told.startswith("data:") for told in IN_STYLES.findall(found.text))


async def test_swagger_ui_shows_the_document_that_is_served(client: httpx.AsyncClient) -> None:
    """[R4] The page's script names the OpenAPI document, and no outside validator."""
    script = (await client.get("/api/docs/start.js")).text
    address = re.search(r'url: "([^"]+)"', script)
    assert address is not None
    document = await client.get(urljoin("/api/docs", address[1]))
    assert document.json()["openapi"].startswith("3.1")
    assert "validatorUrl: null" in script


async def test_the_documents_are_served(client: httpx.AsyncClient) -> None:
    """[M6] The JSON Schema and the AsyncAPI document are at their addresses."""
    schema = await client.get("/api/v1/schema/messages.json")
    assert schema.headers["content-type"].startswith("application/schema+json")
    assert schema.json() == message_schema()
    streams = await client.get("/api/asyncapi/asyncapi.json")
    assert streams.json() == asyncapi_document()


async def test_a_server_without_swagger_ui_says_so() -> None:
    """[R4] Where Swagger UI was not fetched, the page says how to get it, and where to look."""
    async with (
        serving(Litestar(list(documents.routes(None)))) as address,
        httpx.AsyncClient(base_url=f"http://{address}") as client,
    ):
        answer = await client.get("/api/docs")
    assert answer.status_code == 200
    assert "python -m scorewire.stack.swagger_ui" in answer.text
    assert "openapi/openapi.json" in LINKED.findall(answer.text)
