"""Runs the whole stack on one machine, in the order in which its parts need each other.

    Postgres ─┬─ migrations ─┬─ API ───────────────┬─ ready
              └─ Prefect ────┴─ provision ─ worker ┘

Each part is ready when it says so itself, is restarted when it dies, and is stopped in the
reverse order. Nothing is left running, whatever the parts started themselves.
"""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from scorewire.errors import StackFailedError
from scorewire.stack.config import StackConfig, StackUrls
from scorewire.stack.logfiles import keep_logs_short, rotate_logs
from scorewire.stack.ports import LOOPBACK, claim_port
from scorewire.stack.postgres import EmbeddedPostgres
from scorewire.stack.process import kill, marked
from scorewire.stack.secret import kept_login
from scorewire.stack.service import Part, RestartPolicy, Say, keep_running
from scorewire.stack.services import Services
from scorewire.stack.state import DataDirLock, StackState, remove_state, write_state
from scorewire.stack.urls import checked_database_url, http_url, on_same_server
from scorewire.store import admin

PREFECT_LOGIN_FILE = "prefect_login"
"""In the data folder: `user:password`, which Prefect's UI asks for in one field."""

_SERVES_TIMEOUT_S = 60.0
_POLL_INTERVAL_S = 0.1


class _Rank(IntEnum):
    """Parts of the highest rank are stopped first, those of one rank together."""

    POSTGRES = 0
    PREFECT = 1
    FRONT = 2


class _Ports(NamedTuple):
    api: int
    prefect: int


@dataclass(frozen=True)
class RunningStack:
    """A stack that serves.

    Attributes:
        urls: where its parts are reached.
        failed: waits until a part is given up, then raises the StackFailedError that says why.
    """

    urls: StackUrls
    failed: Callable[[], Awaitable[None]]


class _Parts:
    """The parts that were begun, and the tasks that keep them running."""

    def __init__(self, say: Say, policy: RestartPolicy) -> None:
        self._say = say
        self._policy = policy
        self._begun: list[tuple[_Rank, Part]] = []
        self._keepers: list[asyncio.Task[None]] = []

    async def begin(self, part: Part, rank: _Rank) -> None:
        self._begun.append((rank, part))
        await part.start()
        self._say(f"{part.name} is ready")
        self.watch(keep_running(part, self._policy, self._say))

    def watch(self, keeper: Coroutine[None, None, None]) -> None:
        self._keepers.append(asyncio.create_task(keeper))

    async def failed(self) -> None:
        done, _ = await asyncio.wait(self._keepers, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for rank in sorted(_Rank, reverse=True):
            parts = [part for its_rank, part in self._begun if its_rank is rank]
            await asyncio.gather(*(part.stop() for part in parts))


@asynccontextmanager
async def running_stack(
    config: StackConfig, say: Say, policy: RestartPolicy | None = None
) -> AsyncIterator[RunningStack]:
    """Run a stack for the length of the block.

    Enter it from the main thread: parts end with the thread that started them.

    Args:
        config: how to run it.
        say: is told, in a line each, which part is ready or is started again.
        policy: when to give a part up.

    Raises:
        PortInUseError: before anything was started.
        StackFailedError: another stack runs on the folder, or a part does not start.
        PostgresMissingError: there is no Postgres, and it cannot be fetched.
    """
    lock = DataDirLock(config.data_dir)
    try:
        ports = _Ports(
            claim_port(config.host, config.port, "SCOREWIRE_PORT"),
            claim_port(LOOPBACK, config.prefect_port, "SCOREWIRE_PREFECT_PORT"),
        )
        rotate_logs(config.logs)
        kill(marked(config.marker("")))  # of a stack that was killed on this folder
        shutil.rmtree(config.scratch, ignore_errors=True)
        config.scratch.mkdir(mode=0o700)
        stack = _Parts(say, policy or RestartPolicy())
        try:
            urls = await _start(stack, config, ports)
            write_state(
                config.data_dir,
                StackState(pid=os.getpid(), api_url=urls.api, prefect_ui_url=urls.prefect_ui),
            )
            yield RunningStack(urls, stack.failed)
        finally:
            remove_state(config.data_dir)
            await stack.stop()
            kill(marked(config.marker("")))
            shutil.rmtree(config.scratch, ignore_errors=True)
    finally:
        lock.release()


async def _start(stack: _Parts, config: StackConfig, ports: _Ports) -> StackUrls:
    stack.watch(keep_logs_short(config.logs))
    database, prefect_database = await _databases(stack, config)
    prefect_ui = http_url(LOOPBACK, ports.prefect)
    urls = StackUrls(
        api=http_url(config.host, ports.api),
        prefect_ui=prefect_ui,
        prefect_api=f"{prefect_ui}/api",
        database=database,
        prefect_database=prefect_database,
        prefect_auth=kept_login(config.data_dir / PREFECT_LOGIN_FILE, user="scorewire"),
    )
    services = Services(config, urls)
    migrated = asyncio.Event()

    async def bring_api() -> None:
        await services.migrate()
        migrated.set()
        await stack.begin(services.api(), _Rank.FRONT)

    async def bring_worker() -> None:
        await stack.begin(services.prefect(), _Rank.PREFECT)
        await migrated.wait()
        await stack.begin(services.worker(), _Rank.FRONT)
        if config.bulk:
            await stack.begin(services.bulk_worker(), _Rank.FRONT)

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(bring_api())
            group.create_task(bring_worker())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None  # the other one was cancelled for its sake
    await _wait_until_it_serves(services, config)
    return urls


async def _databases(stack: _Parts, config: StackConfig) -> tuple[str, str]:
    """The addresses of Scorewire's and Prefect's databases, which exist afterwards."""
    if config.database_url is None:
        folder = config.data_dir / "postgres"
        postgres = EmbeddedPostgres(folder, log_path=config.logs / "postgres.log")
        await stack.begin(postgres, _Rank.POSTGRES)
        await postgres.create_databases("scorewire", "prefect")
        return postgres.url("scorewire"), config.prefect_database_url or postgres.url("prefect")
    database = checked_database_url(config.database_url)
    if config.prefect_database_url is not None:
        return database, checked_database_url(config.prefect_database_url)
    await admin.create_databases(database, ["prefect"])
    return database, on_same_server(database, "prefect")


async def _wait_until_it_serves(services: Services, config: StackConfig) -> None:
    deadline_s = time.monotonic() + _SERVES_TIMEOUT_S
    while not await services.serves():
        if time.monotonic() > deadline_s:
            msg = f"Everything runs, but the API does not call itself ready: see {config.logs}."
            raise StackFailedError(msg)
        await asyncio.sleep(_POLL_INTERVAL_S)
