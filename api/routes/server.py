"""What a client needs to know of a server before it asks for anything."""

from importlib import metadata

from litestar import Response, get

from api.files import CACHE_CONTROL, unchanged
from api.schemas import ServerInfo
from api.services import Services
from scorewire.http.documentation import problems
from scorewire.http.etags import UNCHANGED, IfNoneMatch, etag_of


@get(
    "/api/v1/server",
    responses={**problems(400), **UNCHANGED},
    security=[{}],
    tags=["documents"],
    summary="What this server takes",
)
async def read_server(
    services: Services, if_none_match: IfNoneMatch = None
) -> Response[ServerInfo]:
    """Say which recordings this server takes, and whether it asks for a token."""
    told = ServerInfo(
        version=metadata.version("scorewire"),
        max_upload_bytes=services.max_upload_bytes,
        max_duration_s=services.max_duration_s,
        url_hosts=services.url_hosts,
        token_required=services.token_required,
        prefect_ui_url=services.prefect_ui_url,
    )
    etag = etag_of(told)
    if answer := unchanged(if_none_match, etag):
        return answer
    return Response(told, headers={"ETag": etag, "Cache-Control": CACHE_CONTROL})
