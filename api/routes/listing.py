"""The caller's jobs, page by page."""

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import Parameter

from api.services import Services
from scorewire.http.callers import Caller
from scorewire.http.documentation import answer_header, problems
from scorewire.jobs.job import JobStatus
from scorewire.store.listing import JobPage, list_jobs

PATH = "/api/v1/jobs"
MAX_LIMIT = 100
MAX_TITLE_CHARS = 200


@get(
    PATH,
    responses=problems(400, 401, 403),
    response_headers=[
        answer_header("Link", 'The next page, `rel="next"`; absent on the last one.')
    ],
    tags=["jobs"],
    summary="Your jobs, newest first",
)
async def read_jobs(  # noqa: PLR0913, PLR0917 - what may be asked of a list, each a query parameter
    services: Services,
    caller: Caller,
    limit: Annotated[
        int, Parameter(ge=1, le=MAX_LIMIT, description="The most jobs of a page.")
    ] = 20,
    cursor: Annotated[
        str | None,
        Parameter(max_length=MAX_TITLE_CHARS, description="`next_cursor` of the page before."),
    ] = None,
    status: Annotated[
        list[JobStatus] | None,
        Parameter(description="Only jobs with this status; may be given more than once."),
    ] = None,
    q: Annotated[
        str | None,
        Parameter(
            max_length=MAX_TITLE_CHARS, description="Only jobs with these letters in their title."
        ),
    ] = None,
) -> Response[JobPage]:
    """Return a page of the caller's jobs; `next_cursor` and `Link` lead to the next ([R2]).

    Jobs that come in between two pages neither move nor repeat any.
    """
    page = await list_jobs(
        services.engine,
        limit=limit,
        cursor=cursor,
        statuses=status or (),
        title_part=q,
        visible_to=caller.subject,
    )
    headers = {"Cache-Control": "no-cache"}
    if page.next_cursor is not None:
        query: list[tuple[str, Any]] = [("limit", limit), ("cursor", page.next_cursor)]
        query += [("status", word.value) for word in status or ()]
        if q:
            query.append(("q", q))
        headers["Link"] = f'<{PATH}?{urlencode(query)}>; rel="next"'
    return Response(page, headers=headers)
