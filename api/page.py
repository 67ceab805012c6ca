"""The page, served from the same origin as the API: no token, no other host.

It is built from web/ into web/dist; a wheel carries it beside this module.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from litestar import MediaType, Response, Router, get
from litestar.config.compression import CompressionConfig
from litestar.datastructures import CacheControlHeader
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware
from litestar.static_files import create_static_files_router

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Pico's icons are data URLs; recordings are played from memory as blobs."""

PATHS = ["/", "/library", "/jobs/{job_id:str}"]
"""Where the page shows something: what web/src/app/App.tsx routes."""

_PLACES = (Path(__file__).parent / "dist", Path(__file__).parents[1] / "web" / "dist")
_YEAR_S = 31_536_000
_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Scorewire</title>
<p>The page is not built: run <code>make page</code> and start the server again;
the API works meanwhile, see <a href="/api/docs">its documentation</a>.</p>
"""


def find() -> Path | None:
    """The folder with the page as it was built, or None."""
    return next((place for place in _PLACES if (place / "index.html").is_file()), None)


def routes(folder: Path | None) -> Sequence[HTTPRouteHandler | Router]:
    """List what serves the page.

    Args:
        folder: the page as it was built, where it was.
    """
    if folder is None:
        return [_index(lambda: _NOT_BUILT)]
    return [
        # Read each time, so that a page which is built anew is served at once.
        _index((folder / "index.html").read_text),
        create_static_files_router(
            path="/assets",
            directories=[folder / "assets"],
            name="page-assets",
            # Their names have a hash of what is in them.
            cache_control=CacheControlHeader(max_age=_YEAR_S, public=True, immutable=True),
            middleware=[_compression()],
            include_in_schema=False,
        ),
        create_static_files_router(
            path="/samples",
            directories=[folder / "samples"],
            name="page-samples",
            include_in_schema=False,
        ),
    ]


def _index(read: Callable[[], str]) -> HTTPRouteHandler:
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }

    @get(PATHS, media_type=MediaType.HTML, include_in_schema=False, sync_to_thread=False)
    def index() -> Response[str]:
        """Return the page; which of its views is shown, it reads from its address."""
        return Response(read(), headers=headers)

    return index


def _compression() -> DefineMiddleware:
    # What is compressed already is left alone.
    config = CompressionConfig("gzip", gzip_compress_level=6, exclude=[r"\.(sf3|sf2|ogg|woff2)$"])
    return DefineMiddleware(CompressionMiddleware, config=config)
