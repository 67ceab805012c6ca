"""How the REST API is described as OpenAPI ([R4])."""

from importlib import metadata

from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme, Tag
from litestar.types import Method
from litestar.types.internal_types import PathParameterDefinition

_ABOUT = """Scorewire turns a recording into sheet music and tells everyone who watches how far it
is. Submit a recording, watch or poll its job, fetch the score.

Every error is a problem document (RFC 9457) with a stable `code`. Fields and codes may be added and
are never taken away: ignore what you do not know. A server that asks for no token takes every
request without one.

The streams that a job is watched by are described at `/api/docs/stream`."""

_TAGS = {
    "jobs": "A job is one recording on its way to a score.",
    "scores": "What a finished job has made.",
    "documents": "What the API says of itself.",
    "health": "For whoever runs the server.",
}


def openapi_config() -> OpenAPIConfig:
    """Say what no handler says: the API as a whole."""
    return OpenAPIConfig(
        title="Scorewire",
        version=metadata.version("scorewire"),
        description=_ABOUT,
        license=License(name="Apache License 2.0", identifier="Apache-2.0"),
        tags=[Tag(name=name, description=text) for name, text in _TAGS.items()],
        components=Components(
            security_schemes={
                "token": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    bearer_format="JWT",
                    description="A JWT; its `sub` owns the jobs that it makes.",
                ),
                "token_in_address": SecurityScheme(
                    type="apiKey",
                    name="token",
                    security_scheme_in="query",
                    description="The same, for an event source, which can send no header.",
                ),
            }
        ),
        security=[{"token": []}, {}],  # an open server asks for none
        operation_id_creator=_operation_id,
        use_handler_docstrings=True,
        path="/api/openapi",
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
    )


def _operation_id(
    handler: HTTPRouteHandler, _method: Method, _path: list[str | PathParameterDefinition]
) -> str:
    return handler.handler_name
