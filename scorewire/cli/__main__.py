"""`python -m scorewire.cli`: the command, where the script is not on PATH."""

from scorewire.cli.main import main

main()
