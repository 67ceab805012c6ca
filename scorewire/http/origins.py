"""Web origins (RFC 6454): which site a page belongs to."""

from collections.abc import Iterable
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from litestar.config.cors import CORSConfig
from typing_extensions import override

from scorewire.errors import SetupError

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """A site, as browsers tell sites apart."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what stands in an `Origin` header; None where that is no web site."""
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            return None
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
            return None
        if text.lower() != f"{parts.scheme}://{parts.netloc}".lower():
            return None
        return cls(parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme])

    @override
    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.port == _DEFAULT_PORTS[self.scheme]:
            return f"{self.scheme}://{host}"
        return f"{self.scheme}://{host}:{self.port}"


def parse_origins(texts: Iterable[str]) -> frozenset[Origin]:
    """Read SCOREWIRE_ALLOWED_ORIGINS.

    Raises:
        SetupError: one is not an origin, or stands for all of them.
    """
    found = set()
    for text in texts:
        origin = Origin.parse(text)
        if origin is None or "*" in text:
            message = (
                f"SCOREWIRE_ALLOWED_ORIGINS has {text!r}, which is not the origin of one site; "
                "write it as https://example.org, without a path."
            )
            raise SetupError(message)
        found.add(origin)
    return frozenset(found)


def cors(allowed_origins: Iterable[str]) -> CORSConfig | None:
    """Let pages of other sites read answers (CORS); None where there are no such sites.

    Credentials stay out of it: a token is sent by the page itself, and there are no cookies.

    Raises:
        SetupError: one is not an origin.
    """
    origins = parse_origins(allowed_origins)
    if not origins:
        return None
    return CORSConfig(
        allow_origins=sorted(map(str, origins)),
        allow_methods=["GET", "POST", "PATCH", "DELETE"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-None-Match",
            "If-Range",
            "Last-Event-ID",
            "Range",
        ],
        expose_headers=[
            "Accept-Ranges",
            "Content-Disposition",
            "Content-Range",
            "ETag",
            "Retry-After",
            "WWW-Authenticate",
        ],
    )
