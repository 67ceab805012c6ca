"""Settings into what the stack takes: the one place where the commands read them."""

from pathlib import Path
from typing import TYPE_CHECKING

from scorewire.settings import Settings, inherited_environment

if TYPE_CHECKING:
    from scorewire.stack.config import StackConfig


def stack_config(settings: Settings, *, any_ports: bool = False) -> "StackConfig":
    """Describe the stack that the settings ask for.

    Args:
        settings: all settings.
        any_ports: take free ports in place of those of the settings.
    """
    from scorewire.stack.config import StackConfig  # noqa: PLC0415 - kept off the `--help` path

    database, prefect = settings.database_url, settings.prefect_database_url
    return StackConfig(
        data_dir=settings.data_dir.expanduser().resolve(),
        host=settings.host,
        port=0 if any_ports else settings.port,
        prefect_port=0 if any_ports else settings.prefect_port,
        database_url=database.get_secret_value() if database else None,
        prefect_database_url=prefect.get_secret_value() if prefect else None,
        environment=inherited_environment() | _absolute_paths(settings),
    )


def _absolute_paths(settings: Settings) -> dict[str, str]:
    # Services run in the data folder, where the caller's relative paths would lead elsewhere.
    return {
        f"SCOREWIRE_{name.upper()}": str(value.expanduser().resolve())
        for name, value in settings
        if isinstance(value, Path)
    }
