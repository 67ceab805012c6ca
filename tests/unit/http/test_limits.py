"""What a client is counted as, and how many streams it holds; nothing here asks the database."""

import pytest
from litestar.connection import ASGIConnection

from scorewire.errors import TooManyRequestsError
from scorewire.http.limits import Limits, client_address, client_name, counted_as
from scorewire.metrics import Metrics
from scorewire.store.engine import open_engine


def limits(*, max_streams: int = 100, max_streams_per_address: int = 100) -> Limits:
    """Limits of streams alone; the database is nowhere."""
    return Limits(
        open_engine("postgresql://nobody@127.0.0.1:1/nothing"),
        connections_per_minute=0,
        submissions_per_minute=0,
        max_streams=max_streams,
        refusals=Metrics("test").over_limit,
        max_streams_per_address=max_streams_per_address,
    )


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("local", "local"),
    ],
)
def test_an_ipv6_customer_counts_as_one(address: str, counted: str) -> None:
    """[W7] Whoever has a whole /64 has no more than whoever has one IPv4 address."""
    assert counted_as(address) == counted


def test_an_address_holds_so_many_streams() -> None:
    """[W7] One more is refused until one has ended; other addresses have their own."""
    limited = limits(max_streams_per_address=2)
    first = limited.hold_stream("2001:db8::1")
    limited.hold_stream("2001:db8::2")
    with pytest.raises(TooManyRequestsError, match="2 streams open") as refused:
        limited.hold_stream("2001:db8::3")
    assert refused.value.retry_after_s > 0
    limited.hold_stream("2001:db8:0:1::1")
    first()
    limited.hold_stream("2001:db8::3")


def test_a_server_holds_so_many_streams() -> None:
    """[W7] All addresses together are limited too, and a refusal holds nothing."""
    limited = limits(max_streams=2)
    releases = [limited.hold_stream(f"203.0.113.{number}") for number in range(2)]
    for _ in range(3):
        with pytest.raises(TooManyRequestsError, match="no room"):
            limited.hold_stream("203.0.113.9")
    for release in releases:
        release()
    for number in range(2):
        limited.hold_stream(f"203.0.113.{number}")


def test_a_stream_is_released_once() -> None:
    """[W7] A second release gives nobody a place that another stream still has."""
    limited = limits(max_streams=2, max_streams_per_address=2)
    first = limited.hold_stream("203.0.113.1")
    limited.hold_stream("203.0.113.1")
    first()
    first()
    limited.hold_stream("203.0.113.1")
    with pytest.raises(TooManyRequestsError):
        limited.hold_stream("203.0.113.1")
    with pytest.raises(TooManyRequestsError, match="no room"):
        limited.hold_stream("203.0.113.2")


async def test_no_limit_asks_nobody() -> None:
    """[W7] A limit of 0 is none, and needs no database."""
    limited = limits()
    for _ in range(50):
        await limited.admit_stream("203.0.113.1")
        await limited.admit_submission("somebody")


def connection(host: str | None) -> ASGIConnection:
    """A connection from an address, or over a Unix socket."""
    client = None if host is None else (host, 50_000)
    return ASGIConnection({"type": "http", "client": client, "headers": []})  # type: ignore[typeddict-item] # no more is read


def test_a_submission_counts_for_its_token() -> None:
    """[W7] [A3] The subject counts wherever it is; without one, the address does."""
    assert client_name(connection("203.0.113.1"), "ann") == client_name(connection(None), "ann")
    assert client_name(connection("203.0.113.1"), None) != client_name(connection(None), None)
    assert client_name(connection("2001:db8::1"), None) == client_name(
        connection("2001:db8::2"), None
    )


def test_a_subject_is_no_address() -> None:
    """[W7] A token whose subject looks like an address does not use up that address's share."""
    named = client_name(connection("198.51.100.9"), "203.0.113.1")
    assert named != client_name(connection("203.0.113.1"), None)


def test_a_client_without_an_address_is_local() -> None:
    """[W7] Clients of a Unix socket count as one."""
    assert client_address(connection(None)) == "local"
    assert client_address(connection("203.0.113.1")) == "203.0.113.1"
