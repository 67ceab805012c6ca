"""Takes one recording through a server: find or start one, submit, follow, save."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import msgspec

from scorewire.cli.access import asks_for_tokens, token_to_show
from scorewire.cli.client import TOKEN_HINT, Accepted, Client
from scorewire.cli.composition import read_settings, stack_config
from scorewire.cli.follow import Update, follow
from scorewire.cli.progress import display
from scorewire.cli.terminal import say
from scorewire.errors import (
    InternalError,
    InvalidRequestError,
    ScorewireError,
    ServiceUnavailableError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from scorewire.jobs.job import Job, JobStatus
from scorewire.jobs.messages import ErrorDetail
from scorewire.jobs.options import Options
from scorewire.settings import Settings

_LONGEST_NAME_BYTES = 150  # file systems take 255, a suffix and a temporary name included

_LONGEST_WAIT_S = 180.0
"""How long a server that takes no more jobs is waited for: a minute's limit, shared by several."""

_LONGEST_CANCEL_S = 5.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How it ended: the two files, or the error."""

    job_id: UUID
    status: JobStatus
    title: str | None
    duration_seconds: float | None
    musicxml: str | None = None
    midi: str | None = None
    error: ErrorDetail | None = None


async def submit(recording: str, options: Options, folder: Path, server: str | None) -> Outcome:
    """Transcribe one recording and save the results.

    Args:
        recording: a path, or an http address.
        options: what is asked for.
        folder: where the results go; created if missing.
        server: a server's address; None for the stack on this machine, started if need be.

    Raises:
        ScorewireError: the request was refused, or the server is away.
    """
    path = None if _is_link(recording) else _existing(recording)
    _make_folder(folder)
    settings = read_settings()
    token = token_to_show(settings)
    async with (
        _server(settings, server) as (server_url, shared),
        Client(server_url, token) as client,
    ):
        with display() as shown:
            shown.show(Update(0, None, "sending the recording"))
            accepted = await _sent(client, recording, path, options)
            shown.show(Update(0, None, "queued"))
            try:
                updates = follow(client, accepted.job_id, accepted.websocket_url)
                async for update in updates:
                    shown.show(update)
            except asyncio.CancelledError:
                if shared:  # a private server goes with this command, and its work with it
                    await _cancel(client, accepted.job_id)
                raise
            job = await client.job(accepted.job_id)
            if job.status is JobStatus.COMPLETED:
                shown.show(Update(100, None, "done"))
        return await _save(client, job, folder, path)


async def _sent(client: Client, recording: str, path: Path | None, options: Options) -> Accepted:
    """Submit the recording, and wait where the server takes no more at the moment ([W7]).

    Raises:
        TooManyRequestsError: the server asks to wait for longer than this command does.
    """
    give_up_at_s = time.monotonic() + _LONGEST_WAIT_S
    while True:
        try:
            if path is None:
                return await client.submit_link(recording, options)
            return await client.submit_file(path, options)
        except TooManyRequestsError as refusal:
            wait_s = max(refusal.retry_after_s, 1)
            if time.monotonic() + wait_s > give_up_at_s:
                raise
            say(f"The server takes no more jobs for {wait_s} s: waiting ...")
            await asyncio.sleep(wait_s)


async def _cancel(client: Client, job_id: UUID) -> None:
    """Stop the work that nobody waits for any more, and say how that went."""
    try:
        async with asyncio.timeout(_LONGEST_CANCEL_S):
            await client.cancel(job_id)
    except (ScorewireError, TimeoutError) as error:
        why = error.message if isinstance(error, ScorewireError) else "The server does not answer."
        say(f"The job was not cancelled: {why} It is {client.server_url}/api/v1/jobs/{job_id}")
    else:
        say("The job is cancelled.")


def _is_link(recording: str) -> bool:
    return recording.startswith(("http://", "https://"))


def _existing(recording: str) -> Path:
    path = Path(recording).expanduser()
    if not path.is_file():
        msg = (
            f"There is no file {recording}: give an audio file, or the address of a video, which "
            "begins with https://."
        )
        raise InvalidRequestError(msg)
    if not os.access(path, os.R_OK):
        msg = f"The file {recording} cannot be read: allow yourself to read it (chmod u+r)."
        raise InvalidRequestError(msg)
    return path


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        msg = f"{folder} is a file and no folder: choose another folder with -o."
        raise InvalidRequestError(msg) from error
    except OSError as error:
        msg = f"The folder {folder} cannot be made ({error.strerror}): choose another with -o."
        raise InvalidRequestError(msg) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        msg = f"The folder {folder} cannot be written to: choose another with -o."
        raise InvalidRequestError(msg)


@asynccontextmanager
async def _server(settings: Settings, server: str | None) -> AsyncIterator[tuple[str, bool]]:
    """A server that takes work: the one asked for, the running one, or a private one.

    Yields:
        Its address, and whether it stays when the command ends.
    """
    if server is not None:
        yield server, True
        return
    from scorewire.stack.state import read_state  # noqa: PLC0415 - not needed with --server

    config = stack_config(settings, private=True)
    running = read_state(config.data_dir)
    if running is not None:
        async with Client(running.api_url) as client:
            if not await client.is_ready():
                msg = (
                    f"A stack runs here (process {running.pid}), but {running.api_url} is not "
                    "ready: look at its terminal, or stop it and try again."
                )
                raise ServiceUnavailableError(msg)
        yield running.api_url, True
        return
    if asks_for_tokens(settings) and token_to_show(settings) is None:
        msg = f"The server that starts for this command will ask for a token. {TOKEN_HINT}"
        raise UnauthenticatedError(msg)
    from scorewire.stack.supervisor import running_stack  # noqa: PLC0415 - only where one starts

    say("No stack is running: starting one for this command (`scorewire up` keeps one running).")
    async with running_stack(config, say) as stack:
        yield stack.urls.api, False


async def _save(client: Client, job: Job, folder: Path, path: Path | None) -> Outcome:
    outcome = Outcome(
        job_id=job.job_id,
        status=job.status,
        title=job.title,
        duration_seconds=job.duration_seconds,
        error=job.error,
    )
    if job.status is not JobStatus.COMPLETED:
        if job.error is None:
            msg = "The server ended the job without saying why: look at its logs."
            raise InternalError(msg)
        return outcome
    name = file_name(job.title or (path.stem if path else str(job.job_id)))
    musicxml, midi = folder / f"{name}.musicxml", folder / f"{name}.mid"
    try:
        await client.download(f"/api/v1/scores/{job.job_id}", musicxml)
        await client.download(f"/api/v1/scores/{job.job_id}/midi", midi)
    except OSError as error:
        msg = (
            f"The score cannot be saved in {folder} ({error.strerror}): make room, or choose "
            "another folder with -o, and run the command again."
        )
        raise InvalidRequestError(msg) from error
    return msgspec.structs.replace(outcome, musicxml=str(musicxml), midi=str(midi))


def file_name(title: str) -> str:
    """The title as a file's name, on every system: no separators, no leading dots."""
    kept = "".join(
        " " if character in '/\\:*?"<>|' or not character.isprintable() else character
        for character in title
    )
    short = " ".join(kept.split()).strip(" .").encode()[:_LONGEST_NAME_BYTES]
    return short.decode(errors="ignore").strip() or "score"
