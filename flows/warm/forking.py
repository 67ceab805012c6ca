"""The worker's end of the fork server: starts it, asks it for runs, replaces it when it dies."""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import msgspec

from flows.warm.messages import Began, Ended, Fork, Inbox, Ready, encode
from scorewire.errors import WorkerLostError
from scorewire.stack.process import die_with_parent

if TYPE_CHECKING:
    from uuid import UUID

CHUNK_BYTES = 1 << 16
RESTART_DELAY_S = 1.0
MAX_RESTART_DELAY_S = 60.0
"""Where it does not get ready, which costs seconds of imports each time."""

logger = logging.getLogger("prefect.fork_server")


class ForkedRun:
    """A flow run's process. It has what Prefect asks of a process: `pid` and `returncode`.

    Args:
        pid: the process.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.Event()

    def end(self, status: int) -> None:
        """Note that it ended."""
        self.returncode = status
        self._ended.set()

    async def wait(self) -> int | None:
        """Wait until it ends; returns its exit status, negative for a signal."""
        await self._ended.wait()
        return self.returncode


class ForkServer:
    """Keeps a fork server running for the length of the block.

    Enter it from the main thread: the server dies with the thread that started it.

    Args:
        environment: the server's own, which a run's may differ from.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._next = _Life()

    async def __aenter__(self) -> Self:
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._keeper.cancel()
        await asyncio.gather(self._keeper, return_exceptions=True)

    def running(self) -> int:
        """Count the runs that were forked and have not ended."""
        return self._next.running()

    async def fork(self, request: Fork) -> ForkedRun:
        """Start a flow run, as soon as everything is imported.

        Raises:
            WorkerLostError: the fork server cannot be started at the moment.
        """
        while True:
            life = self._next
            await life.ready()
            with contextlib.suppress(ConnectionError):  # it died before the run began
                return await life.fork(request)

    async def ready(self) -> None:
        """Wait until everything is imported.

        Raises:
            WorkerLostError: the fork server cannot be started at the moment.
        """
        await self._next.ready()

    async def _keep(self) -> None:
        delay_s = RESTART_DELAY_S
        while True:
            life, ours = self._next, None
            try:
                ours, theirs = socket.socketpair()
                with theirs:
                    process = await _start(theirs, self._environment)
                try:
                    await life.live(ours)
                finally:
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
                    status = await process.wait()
                logger.error("The fork server ended with status %d; starting it again", status)
            except OSError:
                logger.exception("The fork server could not be started")
            finally:
                # Before anyone learns of the death, so that whoever asks again asks the next one.
                self._next = _Life()
                life.end()
                if ours is not None:
                    ours.close()
            delay_s = RESTART_DELAY_S if life.was_ready else min(2 * delay_s, MAX_RESTART_DELAY_S)
            await asyncio.sleep(delay_s)


class _Life:
    """One fork server from its start to its death, and the runs that die with it."""

    def __init__(self) -> None:
        self._ready: asyncio.Future[None] = asyncio.Future()
        self._began: dict[UUID, asyncio.Future[ForkedRun]] = {}
        self._running: dict[UUID, ForkedRun] = {}
        self._socket: socket.socket | None = None
        self._sending = asyncio.Lock()
        self.was_ready = False

    def running(self) -> int:
        return len(self._running)

    async def ready(self) -> None:
        await asyncio.shield(self._ready)

    async def fork(self, request: Fork) -> ForkedRun:
        if self._socket is None:
            raise ConnectionResetError
        began = self._began[request.flow_run_id] = asyncio.Future()
        async with self._sending:
            await asyncio.get_running_loop().sock_sendall(self._socket, encode(request))
        return await began

    async def live(self, ours: socket.socket) -> None:
        """Hear what the server says, until it is gone."""
        ours.setblocking(False)  # noqa: FBT003 - the socket module's own signature
        self._socket = ours
        inbox: Inbox[Any] = Inbox(msgspec.json.Decoder(Ready | Began | Ended))
        while received := await _receive(ours):
            for message in inbox.take(received):
                self._hear(message)

    def end(self) -> None:
        """Tell whoever waits; the kernel has killed what was running."""
        self._socket = None
        if not self._ready.done():
            message = "The process that flow runs are forked from does not start; see its log."
            self._ready.set_exception(WorkerLostError(message))
            self._ready.exception()  # nobody may be waiting
        for began in self._began.values():
            if not began.done():
                began.set_exception(ConnectionResetError())
        for run in self._running.values():
            run.end(-signal.SIGKILL)

    def _hear(self, message: Ready | Began | Ended) -> None:
        match message:
            case Ready():
                self.was_ready = True
                self._ready.set_result(None)
            case Began(flow_run_id, pid):
                run = self._running[flow_run_id] = ForkedRun(pid)
                if not (began := self._began.pop(flow_run_id)).done():  # nobody gave up meanwhile
                    began.set_result(run)
            case Ended(flow_run_id, status) if flow_run_id in self._running:
                self._running.pop(flow_run_id).end(status)
            case Ended(flow_run_id, status):
                fault = f"The flow run's process ended with status {status} before it began."
                if not (began := self._began.pop(flow_run_id)).done():
                    began.set_exception(WorkerLostError(fault))


async def _start(
    theirs: socket.socket, environment: Mapping[str, str]
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "flows.warm.server", str(theirs.fileno())),
        stdin=asyncio.subprocess.DEVNULL,
        env=environment,
        pass_fds=[theirs.fileno()],
        start_new_session=True,  # a terminal's Ctrl-C is for the worker alone
        preexec_fn=die_with_parent(signal.SIGKILL),
    )


async def _receive(ours: socket.socket) -> bytes:
    try:
        return await asyncio.get_running_loop().sock_recv(ours, CHUNK_BYTES)
    except ConnectionError:
        return b""
