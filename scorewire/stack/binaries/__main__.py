"""`python -m scorewire.stack.binaries`: install Postgres server programs, once."""

import sys

from scorewire.errors import PostgresMissingError
from scorewire.stack.binaries.install import install


def main() -> int:
    """Install and say where; exit code 1 with one sentence where that fails."""
    try:
        sys.stdout.write(f"Postgres is in {install()}\n")
    except PostgresMissingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


sys.exit(main())
