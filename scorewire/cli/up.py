"""`scorewire up`: the whole stack in one terminal."""

from scorewire.cli.access import asks_for_tokens, standing
from scorewire.cli.composition import read_settings, stack_config
from scorewire.cli.running import StoppedError, run
from scorewire.cli.terminal import say
from scorewire.settings import Settings


def up() -> None:
    """Start Postgres, Prefect, a worker and the API; Ctrl-C stops them all.

    Settings are environment variables: docs/configuration.md lists them.
    """
    settings = read_settings()
    say(standing(settings.host, locked=asks_for_tokens(settings)))
    try:
        run(_serve(settings))
    except StoppedError:
        say("Stopped.")


async def _serve(settings: Settings) -> None:
    from scorewire.stack.supervisor import (  # noqa: PLC0415 - kept off the `--help` path
        PREFECT_LOGIN_FILE,
        running_stack,
    )

    config = stack_config(settings)
    say(f"Starting Scorewire; its data and logs are in {config.data_dir}.")
    async with running_stack(config, say) as stack:
        login = config.data_dir / PREFECT_LOGIN_FILE
        say(
            f"Scorewire is ready: page {stack.urls.api}, API {stack.urls.api}/api/v1, "
            f"Prefect {stack.urls.prefect_ui} (login in {login}). Ctrl-C stops it."
        )
        await stack.failed()
