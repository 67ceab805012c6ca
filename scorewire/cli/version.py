"""`scorewire version`."""

from importlib.metadata import version as installed_version

from scorewire.cli.terminal import result


def version() -> None:
    """Print the installed version."""
    result(installed_version("scorewire"))
