"""Settings into what the stack takes: the one place where the commands read them."""

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from scorewire.errors import SetupError
from scorewire.settings import Settings, inherited_environment

if TYPE_CHECKING:
    from scorewire.stack.config import StackConfig


def read_settings() -> Settings:
    """All settings, from the environment.

    Raises:
        SetupError: a variable has a value that is not allowed.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"SCOREWIRE_{'.'.join(map(str, fault['loc'])).upper()}: {fault['msg']}"
            for fault in error.errors(include_input=False)
        )
        msg = f"A setting is not valid, correct it ({faults})."
        raise SetupError(msg) from error


def stack_config(settings: Settings, *, private: bool = False) -> "StackConfig":
    """Describe the stack that the settings ask for.

    Args:
        settings: all settings.
        private: for the length of one command: on free ports in place of those of the settings,
            and without a worker for bulk runs.
    """
    from scorewire.stack.config import StackConfig  # noqa: PLC0415 - kept off the `--help` path

    database, prefect = settings.database_url, settings.prefect_database_url
    return StackConfig(
        data_dir=settings.data_dir.expanduser().resolve(),
        host=settings.host,
        port=0 if private else settings.port,
        prefect_port=0 if private else settings.prefect_port,
        database_url=database.get_secret_value() if database else None,
        prefect_database_url=prefect.get_secret_value() if prefect else None,
        worker=settings.worker,
        bulk=not private,
        environment=inherited_environment() | _absolute_paths(settings),
    )


def _absolute_paths(settings: Settings) -> dict[str, str]:
    # Services run in the data folder, where the caller's relative paths would lead elsewhere.
    return {
        f"SCOREWIRE_{name.upper()}": str(value.expanduser().resolve())
        for name, value in settings
        if isinstance(value, Path)
    }
