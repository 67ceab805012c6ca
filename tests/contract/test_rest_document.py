"""The OpenAPI document keeps to its standard, and leaves nothing out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import SecretStr

from api.app import create_app
from scorewire.http.problems import MEDIA_TYPE
from scorewire.settings import Settings

METHODS = {"get", "post", "put", "patch", "delete"}
OPEN = {"documents", "health"}
"""What is answered without a token."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Litestar:
    """The application, made and not started."""
    nowhere = SecretStr("postgresql://nobody@127.0.0.1/nowhere")
    return create_app(Settings(database_url=nowhere, data_dir=tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def document(app: Litestar) -> dict[str, Any]:
    """The document that it serves."""
    served: dict[str, Any] = json.loads(msgspec.json.encode(app.openapi_schema.to_schema()))
    return served


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation, by its method and path."""
    for path, item in document["paths"].items():
        for method in METHODS & set(item):
            yield f"{method.upper()} {path}", item[method]


def test_the_document_is_openapi(document: dict[str, Any]) -> None:
    """[R4] The validator of OpenAPI 3.1 accepts it, examples and defaults included."""
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_is_in_it(app: Litestar, document: dict[str, Any]) -> None:
    """[R4] Whatever the API serves is described, but for the pages and the document itself."""
    served = {
        route.path_format: route
        for route in app.routes
        if isinstance(route, HTTPRoute) and not route.path_format.startswith("/api/docs")
    }
    left_out = {path for path in set(served) - set(document["paths"]) if path.startswith("/api/")}
    assert left_out <= {"/api/openapi", "/api/openapi/openapi.json", "/api/openapi/{path}"}
    for path, item in document["paths"].items():
        methods = {method.upper() for method in METHODS & set(item)}
        assert methods == set(served[path].methods) - {"OPTIONS"}


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    """[R4] Each has a name of its own, a summary, a description and one of the declared tags."""
    tags = {tag["name"] for tag in document["tags"]}
    found = dict(operations(document))
    assert len({operation["operationId"] for operation in found.values()}) == len(found)
    for name, operation in found.items():
        assert operation["summary"], name
        assert operation["description"], name
        assert set(operation["tags"]) <= tags, name


def test_every_parameter_is_described(document: dict[str, Any]) -> None:
    """[R4] Path, query and header parameters say what they are for."""
    silent = [
        f"{name}: {parameter['name']}"
        for name, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
    ]
    assert silent == []


def test_every_field_is_described(document: dict[str, Any]) -> None:
    """[R4] Bodies of requests and answers say what each of their fields is for."""
    silent = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, described in schema.get("properties", {}).items()
        if not described.get("description")
    ]
    assert silent == []


def test_every_refusal_is_a_problem_document(document: dict[str, Any]) -> None:
    """[R3] Each answer of 400 and more is problem details, but for a server that is not ready."""
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and name != "GET /health/ready":
                assert set(answer["content"]) == {MEDIA_TYPE}, (name, status)


def test_who_asks_is_asked_everywhere_but_where_it_says(document: dict[str, Any]) -> None:
    """[A2] [R4] Every operation on jobs and scores says 401 and 403; the others take anyone."""
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for name, operation in operations(document):
        if set(operation["tags"]) & OPEN:
            assert operation["security"] == [{}], name
        else:
            assert {"401", "403"} <= set(operation["responses"]), name


def test_what_is_limited_says_429(document: dict[str, Any]) -> None:
    """[W7] [R1] Submissions, retries, revisions and streams may be told to wait."""
    limited = {name for name, operation in operations(document) if "429" in operation["responses"]}
    assert limited == {
        "POST /api/v1/transcribe",
        "POST /api/v1/transcribe/upload",
        "POST /api/v1/jobs/{job_id}/retry",
        "POST /api/v1/jobs/{job_id}/revise",
        "GET /api/v1/jobs/{job_id}/events",
    }


def test_answers_without_a_body_are_told(document: dict[str, Any]) -> None:
    """[P1] [S1] An unchanged job is a 304, an event stream with nothing left a 204."""
    found = dict(operations(document))
    assert "content" not in found["GET /api/v1/jobs/{job_id}"]["responses"]["304"]
    assert "content" not in found["GET /api/v1/jobs/{job_id}/events"]["responses"]["204"]


def test_the_page_lists_every_operation(document: dict[str, Any]) -> None:
    """[R1] [R2] docs/protocol.md names each address with its method."""
    page = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()
    assert [name for name, _ in operations(document) if name not in page] == []
