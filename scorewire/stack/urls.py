"""Postgres addresses: another database on the same server, and the form that Prefect takes."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from scorewire.errors import StackFailedError

_SCHEMES = ("postgresql", "postgres", "postgresql+asyncpg")


def checked_database_url(url: str) -> str:
    """The address as libpq writes it, without a Python driver's name.

    Raises:
        StackFailedError: it is not; the message does not repeat it, as it may hold a password.
    """
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.path.removeprefix("/"):
        msg = (
            "SCOREWIRE_DATABASE_URL is not an address of a Postgres database: write it as "
            "postgresql://user:password@host/database."
        )
        raise StackFailedError(msg)
    return urlunsplit(parts._replace(scheme="postgresql"))


def on_same_server(url: str, database: str) -> str:
    """The address of another database on the server of `url`."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def for_sqlalchemy(url: str) -> str:
    """The address as SQLAlchemy's asyncpg driver takes it.

    That driver knows libpq's `sslmode` by the name `ssl`.
    """
    parts = urlsplit(url)
    query = [("ssl" if key == "sslmode" else key, value) for key, value in parse_qsl(parts.query)]
    return urlunsplit(parts._replace(scheme="postgresql+asyncpg", query=urlencode(query)))


def http_url(host: str, port: int) -> str:
    """The address at which this machine reaches a server that listens on `host`."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"
