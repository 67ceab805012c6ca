"""Speaks to a Scorewire server: the REST calls and the stream that `transcribe` needs."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import msgspec
from websockets.asyncio.client import connect

from scorewire.errors import (
    ErrorCode,
    ScorewireError,
    ServiceUnavailableError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from scorewire.jobs.job import Job
from scorewire.jobs.messages import Completed, EventMessage, Failed, Heartbeat, Pong, Progress
from scorewire.jobs.options import Options

TOKEN_HINT = "Put one into SCOREWIRE_TOKEN; `scorewire token` makes one where the secret is."  # noqa: S105 - a sentence

_TIMEOUT = httpx.Timeout(30.0, write=None)  # an upload takes as long as the line does
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_REPEAT_AFTER_S = (1.0, 4.0)
_CHUNK_BYTES = 1 << 16
_MAX_RETRY_AFTER_DIGITS = 9
_SERVER_MESSAGE = msgspec.json.Decoder(Progress | Completed | Failed | Heartbeat)


class Accepted(msgspec.Struct, frozen=True):
    """What the client needs of the answer to a request for a transcription."""

    job_id: UUID
    websocket_url: str


class _Problem(msgspec.Struct, frozen=True):
    detail: str
    code: ErrorCode = ErrorCode.INTERNAL


class Client:
    """A connection to one server; an async context manager.

    Args:
        server_url: its address, without a path.
        token: the bearer token, for a server that asks for one.

    Every call raises ServiceUnavailableError where the server cannot be reached, and the error that
    the server names, in the server's words, where it refuses.
    """

    def __init__(self, server_url: str, token: str | None = None) -> None:
        self.server_url = server_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        # A proxy of the caller's leads out of this machine, not to a server on it.
        self._may_use_proxy = urlsplit(self.server_url).hostname not in _LOOPBACK
        self._http = httpx.AsyncClient(
            base_url=self.server_url,
            headers=self._headers,
            timeout=_TIMEOUT,
            trust_env=self._may_use_proxy,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def is_ready(self) -> bool:
        """Whether the server says that it can take work."""
        try:
            return (await self._http.get("/health/ready")).is_success
        except httpx.HTTPError:
            return False

    async def submit_link(self, url: str, options: Options) -> Accepted:
        """Ask for the transcription of a page's recording."""
        body = {"youtube_url": url, "options": msgspec.to_builtins(options)}
        return await self._submit("/api/v1/transcribe", json=body)

    async def submit_file(self, path: Path, options: Options) -> Accepted:
        """Send a file, as it is read, and ask for its transcription."""
        fields = {"options": msgspec.json.encode(options).decode()}
        with path.open("rb") as file:
            # A name may hold bytes that are no text.
            name = os.fsencode(path.name).decode(errors="replace")
            files = {"file": (name, file, "application/octet-stream")}
            return await self._submit("/api/v1/transcribe/upload", data=fields, files=files)

    async def job(self, job_id: UUID) -> Job:
        """Where the job stands."""
        answer = await self._send("GET", f"/api/v1/jobs/{job_id}")
        return msgspec.json.decode(answer.content, type=Job)

    async def cancel(self, job_id: UUID) -> None:
        """End a job that has not ended; one that has is a ConflictError."""
        await self._send("POST", f"/api/v1/jobs/{job_id}/cancel")

    async def download(self, path: str, target: Path) -> None:
        """Save what is at a path of the server; the target is whole or not there."""
        partial = target.with_name(f".{target.name}.{uuid4().hex}.part")
        try:
            async with self._http.stream("GET", path) as answer:
                if not answer.is_success:
                    await answer.aread()
                _raise_for(answer)
                with partial.open("wb") as file:
                    async for chunk in answer.aiter_bytes(_CHUNK_BYTES):
                        file.write(chunk)
            partial.replace(target)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        finally:
            partial.unlink(missing_ok=True)

    async def stream(self, websocket_url: str, after: int) -> AsyncIterator[EventMessage]:
        """Yield the job's events after the given one, and answer heartbeats.

        Raises:
            OSError, websockets.WebSocketException: the stream broke or was refused.
        """
        separator = "&" if urlsplit(websocket_url).query else "?"
        url = f"{websocket_url}{separator}after={after}"
        proxy: Literal[True] | None = True if self._may_use_proxy else None
        async with connect(url, additional_headers=self._headers, proxy=proxy) as socket:
            async for frame in socket:
                try:
                    message = _SERVER_MESSAGE.decode(frame)
                except msgspec.ValidationError:
                    continue  # a newer server may send more than this client knows
                if isinstance(message, Heartbeat):
                    pong = Pong(timestamp=message.timestamp)
                    await socket.send(msgspec.json.encode(pong).decode())
                else:
                    yield message

    async def _submit(self, path: str, **body: object) -> Accepted:
        """Send a submission, and again where the line broke: nobody knows then if it arrived.

        Its key makes that harmless: a repeat of one that did arrive returns the same job.
        """
        headers = {"Idempotency-Key": str(uuid4())}
        delays_s = iter(_REPEAT_AFTER_S)
        while True:
            try:
                answer = await self._http.post(path, headers=headers, **body)  # type: ignore[arg-type] # json, data or files, as httpx takes them
            except httpx.HTTPError as error:
                delay_s = next(delays_s, None)
                if delay_s is None or isinstance(error, httpx.ConnectError):
                    raise self._unreachable(error) from error
                await asyncio.sleep(delay_s)
            else:
                _raise_for(answer)
                return msgspec.json.decode(answer.content, type=Accepted)

    async def _send(self, method: str, path: str) -> httpx.Response:
        try:
            answer = await self._http.request(method, path)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        _raise_for(answer)
        return answer

    def _unreachable(self, error: httpx.HTTPError) -> ServiceUnavailableError:
        why = str(error) or type(error).__name__
        return ServiceUnavailableError(f"The server {self.server_url} does not answer ({why}).")


def _raise_for(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    try:
        problem = msgspec.json.decode(answer.content, type=_Problem)
    except msgspec.MsgspecError:
        problem = _Problem(detail=f"The server answered {answer.status_code} to {answer.url.path}.")
    if problem.code is ErrorCode.TOO_MANY_REQUESTS:
        raise TooManyRequestsError(problem.detail, retry_after_s=retry_after_s(answer.headers))
    if problem.code is ErrorCode.NOT_AUTHENTICATED:
        msg = f"{problem.detail} {TOKEN_HINT}"
        raise UnauthenticatedError(msg)
    raise _error_class(problem.code)(problem.detail)


def retry_after_s(headers: Mapping[str, str]) -> int:
    """When a refused request may succeed; 0 where the answer does not say so in seconds."""
    told = headers.get("Retry-After", "")
    return int(told[:_MAX_RETRY_AFTER_DIGITS]) if told.isascii() and told.isdecimal() else 0


def _error_class(code: ErrorCode) -> type[ScorewireError]:
    waiting: list[type[ScorewireError]] = [ScorewireError]
    while waiting:
        kind = waiting.pop()
        subclasses = kind.__subclasses__()
        if not subclasses and kind.code is code:
            return kind
        waiting.extend(subclasses)
    return ScorewireError
