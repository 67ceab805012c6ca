"""What OpenAPI says of parameters and refusals."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter

from scorewire.http.problems import MEDIA_TYPE, Problem

JobId = Annotated[UUID, Parameter(description="The job, as the answer to its submission names it.")]
"""The path parameter `job_id`."""


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
