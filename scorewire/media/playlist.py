"""The recordings of a playlist: their links alone, nothing is fetched of them."""

from typing import Any

from scorewire.media.link import Limits, check_link, quiet_params

_MAX_ENTRIES = 10_000


def list_playlist(url: str, *, limits: Limits) -> list[str]:
    """List what a page links to; a page of one recording is a list of one.

    Entries on hosts that recordings may not be fetched from are listed as well: each is refused
    in its turn, with its reason.

    Raises:
        UnsupportedUrlError: not a link to a listed host, or neither a list nor a recording.
        BlockedAddressError: a connection would have led to a private network.
        VideoUnavailableError: private, or removed.
        DownloadFailedError: the network or the site failed; worth another try.
    """
    link = check_link(url, limits.hosts, ports=limits.policy.ports)
    # yt-dlp takes a second to import.
    from yt_dlp.utils import YoutubeDLError  # noqa: PLC0415 - see above

    from scorewire.media.ytdlp import GuardedYoutubeDL, explain  # noqa: PLC0415 - see above

    params = quiet_params() | {"extract_flat": True, "playlistend": _MAX_ENTRIES}
    try:
        with GuardedYoutubeDL(params, limits.hosts, limits.policy) as downloader:
            info = downloader.extract_info(link, download=False)
    except YoutubeDLError as error:
        raise explain(error) from error
    return _links(info, link)


def _links(info: dict[str, Any], link: str) -> list[str]:
    if info.get("_type", "video") != "playlist":
        return [link]
    return [_url(entry, link) for entry in info.get("entries") or () if entry]


def _url(entry: dict[str, Any], link: str) -> str:
    """An entry's own page; a plain page's recordings have none, only the address of the sound."""
    formats = entry.get("formats") or [{}]
    return str(entry.get("url") or formats[-1].get("url") or entry.get("webpage_url") or link)
