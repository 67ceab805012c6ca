"""Addresses of databases and servers."""

import pytest

from scorewire.errors import StackFailedError
from scorewire.stack.urls import checked_database_url, for_sqlalchemy, http_url, on_same_server


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
def test_every_way_to_write_postgres_is_understood(scheme: str) -> None:
    """A driver's name in the scheme is dropped; the rest is kept."""
    assert checked_database_url(f"{scheme}://u:p@h:5/d?sslmode=require") == (
        "postgresql://u:p@h:5/d?sslmode=require"
    )


@pytest.mark.parametrize("url", ["sqlite:///x", "postgresql://u:hunter2@h", "hunter2", ""])
def test_what_is_no_database_is_refused_without_repeating_it(url: str) -> None:
    """The message says how to write it, and does not leak a password into a log."""
    with pytest.raises(StackFailedError, match="postgresql://user:password@host/database") as told:
        checked_database_url(url)
    assert "hunter2" not in told.value.message


def test_another_database_on_the_same_server() -> None:
    """Only the database changes; the password's escapes and the options stay."""
    assert on_same_server("postgresql://u:p%2Fw@h:5/d?sslmode=disable", "prefect") == (
        "postgresql://u:p%2Fw@h:5/prefect?sslmode=disable"
    )


def test_sqlalchemy_takes_sslmode_by_another_name() -> None:
    """SQLAlchemy's asyncpg driver refuses `sslmode`, and takes `ssl`."""
    assert for_sqlalchemy("postgresql://u:p@h/d?sslmode=disable") == (
        "postgresql+asyncpg://u:p@h/d?ssl=disable"
    )


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104 - the very case
        ("::", "http://[::1]:8000"),
        ("music.example", "http://music.example:8000"),
    ],
)
def test_a_listening_address_is_turned_into_one_that_can_be_reached(
    host: str, expected: str
) -> None:
    """`all addresses` is no address to connect to."""
    assert http_url(host, 8000) == expected
