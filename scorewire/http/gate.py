"""Who may ask: the token, the site that a page belongs to, and the name that it asked for.

The three questions keep three kinds of strangers out. A token tells people apart ([A2], [A3]). The
origin tells a foreign web page that uses its visitor's browser from one that may (cross-site
request forgery, cross-site WebSocket hijacking). The name in `Host` tells it even where that page's
own name was made to lead to this machine (DNS rebinding), which matters on an open server only:
elsewhere such a page still has no token.
"""

from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from scorewire.errors import ForeignOriginError, SetupError, UnauthenticatedError
from scorewire.http.callers import ANYONE, Caller
from scorewire.http.keys import Algorithm, KeyFile, Keys, SharedSecret
from scorewire.http.origins import Origin, parse_origins
from scorewire.http.tokens import TokenVerifier

SUBPROTOCOL = "scorewire.v1"
"""The subprotocol that a WebSocket client offers beside its token."""

_TOKEN_SUBPROTOCOL = "bearer."  # noqa: S105 - what comes before a token, and none itself

Connection = ASGIConnection[Any, Any, Any, Any]


class Gate:
    """Lets requests in, or says why not.

    Args:
        verifier: checks tokens; None on an open server ([A1]).
        allowed_origins: other sites whose pages may ask.
        host_names: names of this server, beside those of its allowed origins.

    Raises:
        SetupError: an allowed origin is none.
    """

    def __init__(
        self,
        verifier: TokenVerifier | None = None,
        allowed_origins: Iterable[str] = (),
        host_names: Iterable[str] = (),
    ) -> None:
        self._verifier = verifier
        self._allowed_origins = parse_origins(allowed_origins)
        self._host_names = {"localhost", *(name.lower() for name in host_names)}
        self._host_names |= {origin.host for origin in self._allowed_origins}

    @property
    def open(self) -> bool:
        """Whether everyone is let in, without a token."""
        return self._verifier is None

    def identify(self, connection: Connection, *, from_query: bool = False) -> Caller:
        """Say who asks.

        Args:
            connection: the request.
            from_query: whether the token may stand in the address, as `?token=`. Addresses end up
                in histories and logs, so that is for streams alone, where a browser cannot send
                headers.

        Raises:
            UnauthenticatedError: there is no token, or one that does not count.
        """
        if self._verifier is None:
            return ANYONE
        token = _token(connection, from_query=from_query)
        if token is None:
            message = "This server asks for a token; send one as Authorization: Bearer."
            raise UnauthenticatedError(message)
        return self._verifier.verify(token)

    def subprotocol(self, connection: Connection) -> str | None:
        """Choose what to answer to the subprotocols that a WebSocket client offers.

        A browser gives a connection up whose server chose none of them, so a client that offers
        nothing but its token is answered with that.
        """
        offered = _subprotocols(connection)
        if SUBPROTOCOL in offered:
            return SUBPROTOCOL
        return next((name for name in offered if name.startswith(_TOKEN_SUBPROTOCOL)), None)

    def check_origin(self, connection: Connection) -> None:
        """Keep foreign web pages out, even from answers that they could not read.

        Raises:
            ForeignOriginError: a page of another site asks, or this open server is asked for by a
                name that is not its own.
        """
        host = connection.headers.get("host")
        if self.open and host is not None and not self._is_own_name(host):
            message = (
                "This open server does not go by that name, which may be another site's; use its "
                "address, or name it in SCOREWIRE_ALLOWED_ORIGINS."
            )
            raise ForeignOriginError(message)
        told = connection.headers.get("origin")
        if told is None:  # no page, so nobody else's browser
            return
        origin = Origin.parse(told)
        if origin is None or origin not in {_own_origin(connection), *self._allowed_origins}:
            message = (
                "A page of another site asks, which this server was not told to trust; its "
                "operator can name the site in SCOREWIRE_ALLOWED_ORIGINS."
            )
            raise ForeignOriginError(message)

    def admit(self, request: Request[Any, Any, Any]) -> Caller:
        """Ask everything of a REST request, once: the dependency `caller`.

        Raises:
            ForeignOriginError: see `check_origin`.
            UnauthenticatedError: see `identify`.
        """
        caller = request.scope.get("auth")
        if not isinstance(caller, Caller):
            self.check_origin(request)
            caller = request.scope["auth"] = self.identify(request)
        return caller

    def guard(self, connection: Connection, _handler: BaseRouteHandler) -> None:
        """Ask everything before the body is read: a guard, as Litestar calls it.

        Raises:
            ForeignOriginError: see `check_origin`.
            UnauthenticatedError: see `identify`.
        """
        self.admit(Request(connection.scope))

    def _is_own_name(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self._host_names or name.endswith(".localhost") or _is_address(name)


def make_gate(  # noqa: PLR0913 - the settings that decide, each given by name
    *,
    algorithm: Algorithm,
    secret: str | None,
    keys: Path | None,
    audience: str | None,
    issuer: str | None,
    allowed_origins: Iterable[str],
    host: str,
) -> Gate:
    """Make the gate that an installation's settings ask for.

    Raises:
        SetupError: the settings contradict each other, or a key is not fit for its purpose.
    """
    verifier = None
    if secret is not None or keys is not None:
        verifier = TokenVerifier(
            _keys(algorithm, secret, keys), algorithm, audience=audience, issuer=issuer
        )
    elif audience is not None or issuer is not None or algorithm != "HS256":
        message = (
            "SCOREWIRE_JWT_ settings say what tokens must be like, but none has the key; set "
            "SCOREWIRE_JWT_SECRET or SCOREWIRE_JWT_KEYS."
        )
        raise SetupError(message)
    return Gate(verifier, allowed_origins, host_names=[host])


def _keys(algorithm: Algorithm, secret: str | None, keys: Path | None) -> Keys:
    if secret is None and keys is not None:
        return KeyFile(keys, algorithm)
    if secret is None or keys is not None:
        message = "Set SCOREWIRE_JWT_SECRET or SCOREWIRE_JWT_KEYS, and not both."
        raise SetupError(message)
    if algorithm != "HS256":
        message = (
            f"{algorithm} takes public keys: set SCOREWIRE_JWT_KEYS, not SCOREWIRE_JWT_SECRET."
        )
        raise SetupError(message)
    return SharedSecret(secret)


def _token(connection: Connection, *, from_query: bool) -> str | None:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    in_query = connection.query_params.get("token") if from_query else None
    if in_query:
        return str(in_query)
    offered = (
        name.removeprefix(_TOKEN_SUBPROTOCOL)
        for name in _subprotocols(connection)
        if name.startswith(_TOKEN_SUBPROTOCOL)
    )
    return next(offered, None)


def _subprotocols(connection: Connection) -> list[str]:
    offered = connection.scope.get("subprotocols") or []  # HTTP's scope has none
    return [str(name) for name in cast("Iterable[str]", offered)]


def _own_origin(connection: Connection) -> Origin | None:
    scheme = connection.scope["scheme"].replace("ws", "http")
    return Origin.parse(f"{scheme}://{connection.headers.get('host', '')}")


def _is_address(name: str) -> bool:
    # Only a name can be made to lead elsewhere.
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
