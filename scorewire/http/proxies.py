"""Proxies in front of the server: what they tell of a client counts only if they are known."""

from collections.abc import Sequence
from ipaddress import ip_network

from litestar.middleware import DefineMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from scorewire.errors import SetupError


def behind(trusted_proxies: Sequence[str]) -> list[DefineMiddleware]:
    """Take a client's address and scheme from trusted proxies, for requests and WebSockets alike.

    Of the addresses in `X-Forwarded-For` the right-most counts that is not itself a trusted proxy:
    whatever stands to its left, its sender could have written.

    Args:
        trusted_proxies: their addresses or networks; with none, nobody is believed.

    Raises:
        SetupError: one is neither an address nor a network.
    """
    for proxy in trusted_proxies:
        try:
            ip_network(proxy)
        except ValueError:
            message = (
                f"SCOREWIRE_TRUSTED_PROXIES has {proxy!r}, which is neither an address nor a "
                "network; write them as 192.0.2.7 and 192.0.2.0/24."
            )
            raise SetupError(message) from None
    if not trusted_proxies:
        return []
    return [DefineMiddleware(ProxyHeadersMiddleware, trusted_hosts=list(trusted_proxies))]  # type: ignore[arg-type]  # ASGI by another set of names
