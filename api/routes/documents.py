"""The documents that describe the API, and pages to browse them ([R4], [M6])."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from litestar import MediaType, Response, Router, get
from litestar.exceptions import InternalServerException
from litestar.handlers import HTTPRouteHandler
from litestar.static_files import create_static_files_router

from api.documents import pages
from api.documents.asyncapi import asyncapi_document
from scorewire.http.problems import no_such_file_problem
from scorewire.jobs.schema import message_schema
from scorewire.stack.swagger_ui import INSTALL_HINT


@get(
    "/api/v1/schema/messages.json",
    media_type="application/schema+json",
    security=[{}],
    tags=["documents"],
    summary="The messages of the streams as a JSON Schema",
    sync_to_thread=False,
)
def read_message_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of every message, made from the server's own types."""
    return message_schema()


@get(
    "/api/asyncapi/asyncapi.json",
    media_type="application/json",
    security=[{}],
    tags=["documents"],
    summary="The streams as an AsyncAPI document",
    sync_to_thread=False,
)
def read_asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI document of the WebSocket and of the Server-Sent Events."""
    return asyncapi_document()


@get("/api/docs/stream", media_type=MediaType.HTML, include_in_schema=False, sync_to_thread=False)
def browse_streams() -> Response[str]:
    """Show the AsyncAPI document."""
    return _page(_stream_page())


@get("/api/docs", media_type=MediaType.HTML, include_in_schema=False, sync_to_thread=False)
def browse() -> Response[str]:
    """Show the OpenAPI document in Swagger UI."""
    return _page(pages.api_page())


@get("/api/docs", media_type=MediaType.HTML, include_in_schema=False, sync_to_thread=False)
def browse_without_swagger_ui() -> Response[str]:
    """Say that there is nothing to show the OpenAPI document with."""
    return _page(pages.api_page_without_swagger_ui(INSTALL_HINT))


@get(
    "/api/docs/start.js",
    media_type="text/javascript",
    include_in_schema=False,
    sync_to_thread=False,
)
def start_swagger_ui() -> str:
    """Start Swagger UI; a file of its own, as the page's policy allows no script within it."""
    return pages.START_SCRIPT


def routes(swagger_ui: Path | None) -> Sequence[HTTPRouteHandler | Router]:
    """List the handlers of this module.

    Args:
        swagger_ui: the folder with Swagger UI's files, where they are installed.
    """
    documents = [read_message_schema, read_asyncapi, browse_streams]
    if swagger_ui is None:
        return [*documents, browse_without_swagger_ui]
    files = create_static_files_router(
        path="/api/docs/assets",
        directories=[swagger_ui],
        include_in_schema=False,
        exception_handlers={
            ValueError: no_such_file_problem,
            InternalServerException: no_such_file_problem,
        },
    )
    return [*documents, browse, start_swagger_ui, files]


@cache
def _stream_page() -> str:
    return pages.stream_page(asyncapi_document())


def _page(html: str) -> Response[str]:
    headers = {"Content-Security-Policy": pages.CONTENT_SECURITY_POLICY}
    return Response(html, headers=headers)
