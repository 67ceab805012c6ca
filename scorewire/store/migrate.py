"""Bring a database to the newest schema: `python -m scorewire.store.migrate URL`.

With `-` in place of the URL it is read from standard input, where no process list shows it.
"""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config

import scorewire

SCRIPTS = Path(scorewire.__file__).resolve().parents[1] / "migrations"
"""`migrations` lies beside the package, in a checkout and in an installed wheel alike."""


def alembic_config(database_url: str) -> Config:
    """Tell alembic where the migrations are and which database they are for."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["database_url"] = database_url
    return config


def migrate(database_url: str, revision: str = "head") -> None:
    """Apply all migrations that are missing; does nothing to a database that has them.

    Must be called outside an event loop.

    Raises:
        InvalidRequestError: `database_url` is not a Postgres URL.
        OSError: Postgres cannot be reached.
    """
    command.upgrade(alembic_config(database_url), revision)


def main() -> None:
    """Migrate the database that the first argument names."""
    match sys.argv[1:]:
        case ["-"]:
            migrate(sys.stdin.readline().strip())
        case [database_url]:
            migrate(database_url)
        case _:
            sys.exit("usage: python -m scorewire.store.migrate (DATABASE_URL | -)")


if __name__ == "__main__":
    main()
