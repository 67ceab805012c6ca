"""What OpenAPI says of parameters, headers and refusals."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from litestar.datastructures import ResponseHeader
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter

from scorewire.http.problems import MEDIA_TYPE, Problem

JobId = Annotated[UUID, Parameter(description="The job, as the answer to its submission names it.")]
"""The path parameter `job_id`."""

STREAM_SECURITY: list[dict[str, list[str]]] = [{"token": []}, {"token_in_address": []}, {}]
"""How a token may come with a request for a stream, by the names of api/documents/openapi.py."""

Transpose = Annotated[
    int, Parameter(ge=-12, le=12, description="Semitones up; the key is chosen to be readable.")
]
"""The query parameter `transpose`."""

Part = Annotated[
    int | None,
    Parameter(ge=0, description="The only part to show, by its place from 0; all without it."),
]
"""The query parameter `part`."""


def answer_header(name: str, description: str) -> ResponseHeader:
    """Describe a header that a handler sets by itself."""
    # Litestar makes the header's schema from a value, and OpenAPI wants one.
    return ResponseHeader(name, value="", description=description, documentation_only=True)


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Describe the problem details that a handler may answer with."""
    return {
        status: ResponseSpec(
            Problem,
            description=HTTPStatus(status).phrase,
            media_type=MEDIA_TYPE,
            generate_examples=False,
        )
        for status in (*statuses, 500, 503)
    }
