"""`python -m scorewire.stack.swagger_ui`: install Swagger UI, once."""

import sys

from scorewire.errors import StackFailedError
from scorewire.stack.swagger_ui import install


def main() -> int:
    """Install and say where; exit code 1 with one sentence where that fails."""
    try:
        sys.stdout.write(f"Swagger UI is in {install()}\n")
    except StackFailedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


sys.exit(main())
