"""What OpenAPI says of refusals."""

from http import HTTPStatus

from litestar.openapi.datastructures import ResponseSpec

from scorewire.http.problems import MEDIA_TYPE, Problem


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
