"""Starts a bulk run, and follows it to its end."""

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from rich.console import Console

from scorewire.cli.composition import read_settings, stack_config
from scorewire.cli.prefect_server import Artifact, PrefectServer, Run
from scorewire.cli.terminal import result, say
from scorewire.errors import InvalidRequestError, ServiceUnavailableError
from scorewire.jobs.bulk import FAILED_COUNTS, FAILURES, ON_DEMAND, PROGRESS, SUMMARY
from scorewire.settings import Settings, inherited_environment

_ASK_EVERY_S = 1.0
_LONGEST_OUTAGE_S = 120.0
_LINE_EVERY_S = 10.0
_MOST_REASONS = 20


async def run_bulk(
    sources: Sequence[str], parameters: dict[str, Any], *, prefect: str | None, follow: bool
) -> int:
    """Start a run of the deployment for bulk work.

    Args:
        sources: what to transcribe.
        parameters: the run's, but for the sources.
        prefect: address of a Prefect API; None for that of the stack on this machine.
        follow: wait for its end.

    Returns:
        The command's exit status: 1 where a recording, or the run itself, failed.

    Raises:
        InvalidRequestError: a source is not on this machine.
        ServiceUnavailableError: no stack runs here, or Prefect does not answer.
    """
    if prefect is None:
        sources = [_absolute(source) for source in sources]
    async with _server(read_settings(), prefect) as server:
        first = Path(sources[0]).name or sources[0]
        name = first if len(sources) == 1 else f"{first} and {len(sources) - 1} more"
        run_id = await server.start(ON_DEMAND, name, {"sources": list(sources), **parameters})
        if not follow:
            result(str(run_id))
            return 0
        try:
            run = await _followed(server, run_id)
        except asyncio.CancelledError:
            say(f"The run goes on: {run_id} in Prefect's page, where it can be cancelled.")
            raise
        return _conclude(run, await server.artifacts(run_id))


def _server(settings: Settings, prefect: str | None) -> PrefectServer:
    if prefect is not None:
        return PrefectServer(prefect, inherited_environment().get("PREFECT_API_AUTH_STRING"))
    from scorewire.stack.state import read_state  # noqa: PLC0415 - not needed with --prefect
    from scorewire.stack.supervisor import PREFECT_LOGIN_FILE  # noqa: PLC0415 - see above

    config = stack_config(settings)
    running = read_state(config.data_dir)
    if running is None:
        msg = "No stack runs on this machine: start one with `scorewire up`, or name --prefect."
        raise ServiceUnavailableError(msg)
    try:
        login = (config.data_dir / PREFECT_LOGIN_FILE).read_text().strip()
    except OSError as error:
        msg = "The stack is another user's: run the command as the user who started it."
        raise InvalidRequestError(msg) from error
    return PrefectServer(f"{running.prefect_ui_url}/api", login)


def _absolute(source: str) -> str:
    if source.startswith(("http://", "https://", "s3://")):
        return source
    path = Path(source).expanduser().resolve()
    if not path.exists():
        msg = f"There is no file or folder {source}: correct it."
        raise InvalidRequestError(msg)
    return str(path)


async def _followed(server: PrefectServer, run_id: UUID) -> Run:
    """Say how far the run is until it has ended, through outages that pass."""
    reached_at_s = time.monotonic()
    with _Line() as line:
        while True:
            try:
                run = await server.run(run_id)
                shown = (await server.artifacts(run_id)).get(PROGRESS)
            except ServiceUnavailableError:
                if time.monotonic() - reached_at_s > _LONGEST_OUTAGE_S:
                    raise
            else:
                reached_at_s = time.monotonic()
                if run.has_ended:
                    return run
                line.show(shown.description or "" if shown else "Waiting for the worker")
            await asyncio.sleep(_ASK_EVERY_S)


class _Line:
    """One line that changes on a terminal; elsewhere a line now and then."""

    def __init__(self) -> None:
        self._status = Console(stderr=True).status("") if sys.stderr.isatty() else None
        self._last = ""
        self._said_at_s = float("-inf")

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def show(self, sentence: str) -> None:
        """Show where the run stands."""
        if self._status is not None:
            self._status.update(sentence)
        elif sentence != self._last and time.monotonic() - self._said_at_s >= _LINE_EVERY_S:
            say(sentence)
            self._last, self._said_at_s = sentence, time.monotonic()


def _conclude(run: Run, shown: dict[str, Artifact]) -> int:
    rows = shown[SUMMARY].rows if SUMMARY in shown else []
    numbers = {row["what"]: row["number"] for row in rows}
    for what, number in numbers.items():
        result(f"{number:>10}  {what}")
    failures = shown[FAILURES].rows if FAILURES in shown else []
    for failure in failures[:_MOST_REASONS]:
        say(f"{failure['place']}: {failure['reason']}")
    if len(failures) > _MOST_REASONS:
        say(f"… and {len(failures) - _MOST_REASONS} more; Prefect's page has them all.")
    if not run.completed:
        reason = (run.message or "no reason").rstrip(".")
        say(f"scorewire: The run ended as {run.state_type.lower()}: {reason}.")
        return 1
    return 1 if any(numbers.get(what) for what in FAILED_COUNTS) else 0
