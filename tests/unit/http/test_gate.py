"""What the gate asks of a connection: its token, its origin, and the name that it used."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.connection import ASGIConnection
from tokens import SECRET, token

from scorewire.errors import ForeignOriginError, SetupError, UnauthenticatedError
from scorewire.http.callers import ANYONE
from scorewire.http.gate import Gate, make_gate
from scorewire.http.keys import SharedSecret
from scorewire.http.origins import Origin, cors
from scorewire.http.proxies import behind
from scorewire.http.tokens import TokenVerifier

VERIFIER = TokenVerifier(SharedSecret(SECRET), "HS256")
LOCKED = Gate(VERIFIER)
OPEN = Gate()


def connection(
    *,
    method: str | None = "GET",
    scheme: str = "http",
    query: str = "",
    subprotocols: list[str] | None = None,
    **headers: str,
) -> ASGIConnection[Any, Any, Any, Any]:
    """A request; a WebSocket where `method` is None."""
    told = {"host": "127.0.0.1:8000", **headers}
    scope: dict[str, Any] = {
        "type": "http" if method else "websocket",
        "scheme": scheme,
        "path": "/api/v1/jobs/1/stream",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in told.items()],
    }
    if method:
        scope["method"] = method
    else:
        scope["subprotocols"] = subprotocols or []
    return ASGIConnection(scope)  # type: ignore[arg-type]  # the part of a scope that is read


def test_an_open_server_knows_nobody() -> None:
    """[A1] Without a key everyone is let in, with or without a token."""
    assert OPEN.identify(connection()) is ANYONE
    assert OPEN.identify(connection(authorization="Bearer nonsense")) is ANYONE


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_comes_in_a_header(scheme: str) -> None:
    """[A2] `Authorization: Bearer`, whatever the case of its scheme (RFC 7235)."""
    assert LOCKED.identify(connection(authorization=f"{scheme} {token('ada')}")).subject == "ada"


def test_a_token_in_the_address_is_for_streams_alone() -> None:
    """[A2] `?token=` counts where the caller says so, and nowhere else."""
    asked = connection(query=f"after=3&token={token('ada')}")
    assert LOCKED.identify(asked, from_query=True).subject == "ada"
    with pytest.raises(UnauthenticatedError, match="asks for a token"):
        LOCKED.identify(asked)


def test_a_token_comes_as_a_subprotocol() -> None:
    """[A2] A WebSocket may offer `bearer.<token>`, beside `scorewire.v1` or alone."""
    offer = f"bearer.{token('ada')}"
    for offered, chosen in (
        (["scorewire.v1", offer], "scorewire.v1"),
        ([offer, "scorewire.v1"], "scorewire.v1"),
        ([offer], offer),
        (["chat", offer], offer),
    ):
        asked = connection(method=None, subprotocols=offered)
        assert LOCKED.identify(asked).subject == "ada"
        assert LOCKED.subprotocol(asked) == chosen
    assert LOCKED.subprotocol(connection(method=None, subprotocols=["chat"])) is None
    assert LOCKED.subprotocol(connection(method=None)) is None


def test_the_header_comes_before_the_address() -> None:
    """[A2] A token in the header decides, so that an address cannot be used to slip another in."""
    asked = connection(authorization="Bearer wrong", query=f"token={token('ada')}")
    with pytest.raises(UnauthenticatedError, match="not valid"):
        LOCKED.identify(asked, from_query=True)
    asked = connection(authorization="Basic YTpi", query=f"token={token('ada')}")
    assert LOCKED.identify(asked, from_query=True).subject == "ada"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token abc"])
def test_no_token_is_told_as_such(header: str) -> None:
    """[A2] Who sent no token hears how to send one."""
    with pytest.raises(UnauthenticatedError, match="send one as Authorization: Bearer"):
        LOCKED.identify(connection(authorization=header), from_query=True)


@pytest.mark.parametrize(
    ("origin", "host", "scheme"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", "ws"),
        ("https://music.example", "music.example", "wss"),
        ("https://music.example", "music.example:443", "wss"),
        ("http://music.example", "MUSIC.example", "ws"),
        ("http://[::1]:8000", "[::1]:8000", "ws"),
    ],
)
def test_a_page_of_this_server_may_connect(origin: str, host: str, scheme: str) -> None:
    """[A2] The same scheme, host and port is the same site, however they are written."""
    LOCKED.check_origin(connection(method=None, scheme=scheme, host=host, origin=origin))


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1:8001",
        "https://127.0.0.1:8000",
        "http://127.0.0.1",
        "http://127.0.0.1:8000.evil.example",
        "http://127.0.0.1:8000@evil.example",
        "http://127.0.0.1:8000/",
        "http://localhost:8000",
        "null",
        "",
        "file://",
        "http://127.0.0.1:x",
        "http://[::1",
    ],
)
@pytest.mark.parametrize("gate", [OPEN, LOCKED], ids=["open", "locked"])
def test_a_page_of_another_site_may_not(gate: Gate, origin: str) -> None:
    """[A1] [A2] No WebSocket, no change and no stream for a foreign page."""
    with pytest.raises(ForeignOriginError):
        gate.check_origin(connection(method=None, scheme="ws", origin=origin))
    for method in ("GET", "POST", "DELETE"):
        with pytest.raises(ForeignOriginError):
            gate.check_origin(connection(method=method, origin=origin))


def test_an_allowed_site_may_connect() -> None:
    """[A2] SCOREWIRE_ALLOWED_ORIGINS names the sites that may, and no site like them."""
    gate = Gate(VERIFIER, allowed_origins=["https://Pages.example:443"])
    gate.check_origin(connection(method=None, origin="https://pages.example"))
    for other in ("http://pages.example", "https://sub.pages.example", "https://pages.example:8"):
        with pytest.raises(ForeignOriginError):
            gate.check_origin(connection(method=None, origin=other))


def test_programs_send_no_origin() -> None:
    """[A1] A program that is no browser is asked for no origin."""
    for method in (None, "POST"):
        OPEN.check_origin(connection(method=method))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8000", "localhost", "a.localhost:8", "[::1]:8000", "192.0.2.7", "Music.lan:8000"],
)
def test_an_open_server_goes_by_its_own_names(host: str) -> None:
    """[A1] Loopback names, addresses, SCOREWIRE_HOST: none can be made to lead here by others."""
    gate = Gate(host_names=["music.lan"])
    gate.check_origin(connection(host=host))
    gate.check_origin(connection(method=None, scheme="ws", host=host, origin=f"http://{host}"))


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.example", ""]
)
@pytest.mark.parametrize("method", ["GET", "POST", None])
def test_an_open_server_goes_by_no_other_name(host: str, method: str | None) -> None:
    """[A1] A page whose own name was made to lead here (DNS rebinding) neither reads nor writes."""
    asked = connection(method=method, host=host, origin=f"http://{host}")
    with pytest.raises(ForeignOriginError, match="does not go by that name"):
        OPEN.check_origin(asked)
    Gate(allowed_origins=["http://evil.example"]).check_origin(connection(host="evil.example:8000"))


def test_a_server_with_a_key_goes_by_any_name() -> None:
    """[A2] There a token keeps strangers out, so proxies and health checks use any name."""
    LOCKED.check_origin(connection(host="music.example"))


@given(origin=st.text(st.characters(codec="latin-1")), host=st.text(st.characters(codec="latin-1")))
def test_any_headers_are_answered(origin: str, host: str) -> None:
    """[R3] Whatever stands in `Origin` and `Host`, the answer is yes or 403."""
    for gate in (OPEN, LOCKED):
        try:
            gate.check_origin(connection(method=None, scheme="ws", host=host, origin=origin))
        except ForeignOriginError:
            continue
        assert Origin.parse(origin) == Origin.parse(f"http://{host}")


def settings(**changed: object) -> dict[str, Any]:
    """What an installation sets; everything else as installed."""
    return {
        "algorithm": "HS256",
        "secret": None,
        "keys": None,
        "audience": None,
        "issuer": None,
        "allowed_origins": (),
        "host": "127.0.0.1",
        **changed,
    }


def test_an_installation_without_a_key_is_open() -> None:
    """[A1] [A2] A secret, or a file of keys, is what makes a server ask for tokens."""
    assert make_gate(**settings()).open
    assert not make_gate(**settings(secret=SECRET)).open


@pytest.mark.parametrize(
    "changed",
    [
        {"secret": ""},
        {"secret": SECRET, "keys": Path("keys.json")},
        {"secret": SECRET, "algorithm": "RS256"},
        {"algorithm": "ES256"},
        {"audience": "scores"},
        {"issuer": "us"},
        {"keys": Path()},
        {"allowed_origins": ["*"]},
        {"allowed_origins": ["https://*.example"]},
        {"allowed_origins": ["example.org"]},
        {"allowed_origins": ["https://example.org/page"]},
    ],
)
def test_settings_that_contradict_each_other_start_nothing(changed: dict[str, object]) -> None:
    """[A2] Where someone meant to lock the server, a slip never leaves it open."""
    with pytest.raises(SetupError, match="SCOREWIRE_"):
        make_gate(**settings(**changed))


def test_cross_origin_reading_is_off_unless_asked_for() -> None:
    """[A2] CORS names single sites, never all, and never sends credentials along."""
    assert cors([]) is None
    config = cors(["https://example.org:443", "http://localhost:5173"])
    assert config is not None
    assert config.allow_origins == ["http://localhost:5173", "https://example.org"]
    assert not config.allow_credentials
    with pytest.raises(SetupError):
        cors(["*"])


@pytest.mark.parametrize("proxy", ["*", "proxy.example", "10.0.0.1/8", "300.1.1.1", ""])
def test_a_proxy_is_an_address_or_a_network(proxy: str) -> None:
    """[A2] [W7] A slip in the list of proxies stops the start; nobody is trusted by mistake."""
    with pytest.raises(SetupError, match="SCOREWIRE_TRUSTED_PROXIES"):
        behind([proxy])
    assert behind([]) == []
    assert len(behind(["10.0.0.0/8", "2001:db8::1"])) == 1
