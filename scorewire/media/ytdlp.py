"""yt-dlp with its networking narrowed to what a server may do, and its errors told apart.

yt-dlp picks among several HTTP clients, honours proxies and follows redirects anywhere. Here it
has one client, its own on urllib, which connects through `network.connect` without a proxy, knows
no FTP, and refuses a redirect that leaves the hosts a link may name.
"""
# yt-dlp ships no types, so its objects are `Any` here, and nowhere else.
# ruff: noqa: ANN401

import functools
import http.client
import re
import urllib.request
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import urlsplit

from yt_dlp import YoutubeDL
from yt_dlp.networking._urllib import HTTPHandler, RedirectHandler, UrllibRH
from yt_dlp.networking.exceptions import HTTPError, RequestError, network_exceptions
from yt_dlp.utils import ExtractorError, UnsupportedError

from scorewire.errors import (
    BlockedAddressError,
    DownloadFailedError,
    ScorewireError,
    UnsupportedUrlError,
    VideoUnavailableError,
)
from scorewire.media.network import NetworkPolicy, connect, is_listed

_FIELD = "youtube_url"
_GONE_STATUSES = frozenset({401, 404, 410, 451})
_REDIRECT_STATUSES = frozenset(range(300, 400))
_PASSING = re.compile(r"not a bot|rate.?limit|try again later|too many requests", re.IGNORECASE)
"""What YouTube answers to an address that asked too often, in the guise of a permanent error."""


class GuardedYoutubeDL(YoutubeDL):  # type: ignore[misc]  # yt-dlp ships no types
    """yt-dlp whose every request goes through `policy`."""

    def __init__(
        self, params: dict[str, Any], hosts: Collection[str], policy: NetworkPolicy
    ) -> None:
        self._client = functools.partial(GuardedUrllibRH, hosts=hosts, policy=policy)
        super().__init__(params)

    def build_request_director(self, _handlers: object, _preferences: object = None) -> Any:
        """Offer yt-dlp the guarded client alone, whatever clients are installed."""
        return super().build_request_director([self._client])


class GuardedUrllibRH(UrllibRH):  # type: ignore[misc]  # yt-dlp ships no types
    """yt-dlp's urllib client; the suffix is how yt-dlp recognises a request handler."""

    _SUPPORTED_URL_SCHEMES = ("http", "https", "data")

    def __init__(self, *, hosts: Collection[str], policy: NetworkPolicy, **options: Any) -> None:
        super().__init__(**options)
        self._hosts = hosts
        self._policy = policy

    def _get_proxies(self, _request: object) -> dict[str, str]:
        return {}  # behind a proxy no address could be checked

    def _create_instance(
        self, *, cookiejar: Any, legacy_ssl_support: bool | None = None, **_: object
    ) -> urllib.request.OpenerDirector:
        context = self._make_sslcontext(legacy_ssl_support=legacy_ssl_support)
        opener = urllib.request.OpenerDirector()
        for handler in (
            _GuardedHTTPHandler(context, self._policy),
            _GuardedRedirectHandler(self._hosts),
            urllib.request.HTTPCookieProcessor(cookiejar),
            urllib.request.DataHandler(),
            urllib.request.UnknownHandler(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
        ):
            opener.add_handler(handler)
        opener.addheaders = []  # yt-dlp sets its own user agent
        return opener


class _GuardedHTTPHandler(HTTPHandler):  # type: ignore[misc]  # yt-dlp ships no types
    """Opens connections to allowed addresses only."""

    def __init__(self, context: Any, policy: NetworkPolicy) -> None:
        super().__init__(context=context)
        self._policy = policy

    def http_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(self._connection(http.client.HTTPConnection), request)

    def https_open(self, request: urllib.request.Request) -> Any:
        connection = self._connection(http.client.HTTPSConnection)
        return self.do_open(connection, request, context=self._context)

    def _connection(self, kind: type[http.client.HTTPConnection]) -> Any:
        def create(*args: Any, **options: Any) -> Any:
            connection: Any = kind(*args, **options)
            # The hook that yt-dlp itself uses; http.client offers no public one.
            connection._create_connection = self._connect  # noqa: SLF001 - see above
            return connection

        return create

    def _connect(self, address: tuple[str, int], *args: Any) -> Any:
        try:
            return connect(address, *args, policy=self._policy)
        except BlockedAddressError as error:
            raise RequestError(cause=error) from error  # which yt-dlp neither hides nor retries


class _GuardedRedirectHandler(RedirectHandler):  # type: ignore[misc]  # yt-dlp ships no types
    """Keeps a page on the hosts that links may name; media hosts may redirect among themselves."""

    def __init__(self, hosts: Collection[str]) -> None:
        self._hosts = hosts

    def redirect_request(
        self, request: urllib.request.Request, *answer: Any, **options: Any
    ) -> Any:
        following = super().redirect_request(request, *answer, **options)
        target = urlsplit(following.full_url)
        host = target.hostname or ""
        listed = is_listed(urlsplit(request.full_url).hostname or "", self._hosts)
        leaves = listed and not is_listed(host, self._hosts)
        if leaves or target.scheme not in {"http", "https"}:
            message = f"The link leads on to {host}, which recordings may not be fetched from."
            raise RequestError(cause=UnsupportedUrlError(message, field=_FIELD))
        return following


def explain(error: BaseException) -> ScorewireError:
    """Tell yt-dlp's many errors apart: ours, permanent ones, and those worth another try."""
    causes = list(_causes(error))
    ours = [cause for cause in causes if isinstance(cause, ScorewireError)]
    extraction = [cause for cause in causes if isinstance(cause, ExtractorError)]
    statuses = {cause.status for cause in causes if isinstance(cause, HTTPError)}
    network = any(isinstance(cause, network_exceptions) for cause in causes)
    sentence = _sentence(extraction[0] if extraction else error)
    if ours:
        explained = ours[0]
    elif statuses & _GONE_STATUSES:
        explained = VideoUnavailableError(
            "The site says that the recording is not there; check the link."
        )
    elif statuses & _REDIRECT_STATUSES:
        explained = UnsupportedUrlError(
            "The link leads on to an address that cannot be fetched; check the link.", field=_FIELD
        )
    elif network or not extraction or _PASSING.search(sentence):
        explained = DownloadFailedError(
            f"The download failed and may be tried again later: {sentence}"
        )
    elif any(isinstance(cause, UnsupportedError) for cause in extraction):
        explained = UnsupportedUrlError(
            "No recording was found behind the link; give the link of one video.", field=_FIELD
        )
    elif extraction[0].expected:
        explained = VideoUnavailableError(
            f"The recording cannot be fetched, but you may upload it: {sentence}"
        )
    else:
        explained = DownloadFailedError(
            "The site's page was not understood; try again, or update yt-dlp if this goes on "
            f"(`pip install -U yt-dlp`): {sentence}"
        )
    return explained


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk through an error and what it stands for; yt-dlp keeps causes in several places."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [getattr(cause, "cause", None), cause.__cause__, cause.__context__]
        waiting += (getattr(cause, "exc_info", None) or ())[1:2]


def _sentence(error: BaseException) -> str:
    """yt-dlp's own words, without its prefixes and its request for a bug report."""
    text = str(getattr(error, "orig_msg", None) or error).removeprefix("ERROR: ")
    text = re.sub(r"^\[[^\]]+\] (?:[\w-]+: )?", "", text)
    return text.split("; please report this issue")[0].split(" (caused by")[0].strip()
