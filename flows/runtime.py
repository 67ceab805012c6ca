"""What a flow process needs of the outside, opened on first use: the composition root of flows.

Stages are synchronous code in the main thread, where Prefect can time them out and a signal can
stop them; the store is asynchronous. One event loop in a thread of its own stands between them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import cache
from threading import Thread
from typing import Any, Concatenate, ParamSpec, TypeVar

from scorewire.blobs import open_blobs
from scorewire.errors import StackFailedError
from scorewire.logs import configure
from scorewire.settings import Settings, traces_wanted
from scorewire.stack.urls import http_url
from scorewire.store.engine import open_engine, ping
from scorewire.traces import Traces

P = ParamSpec("P")
T = TypeVar("T")


class Runtime:
    """Settings, blobs and the store, for the life of one process.

    Raises:
        StackFailedError: the worker's environment names no database.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.database_url is None:
            message = "The worker has no SCOREWIRE_DATABASE_URL; set it to the API's database."
            raise StackFailedError(message)
        self.settings = settings
        self.blobs = open_blobs(settings.storage_url, settings.data_dir)
        # A daemon that is never stopped: it ends with the process, which ends with the flow run.
        # anyio's portal would be stopped by the interpreter's shutdown, and wait for ever.
        self._loop = asyncio.new_event_loop()
        Thread(target=self._loop.run_forever, name="scorewire-store", daemon=True).start()
        self._engine = open_engine(settings.database_url.get_secret_value(), pool_size=1)

    def connect(self) -> None:
        """Open the database's connection ahead of its first use, beside whatever goes on."""
        self.start(ping)

    def store(
        self,
        operation: Callable[Concatenate[Any, P], Awaitable[T]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run one of the store's operations, which take the engine first.

        Raises:
            ServiceUnavailableError: Postgres stays out of reach.
        """
        return self.start(operation, *args, **kwargs).result()

    def start(
        self,
        operation: Callable[Concatenate[Any, P], Awaitable[T]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Future[T]:
        """Begin an operation that takes the engine first, beside the work; returns its future."""

        async def run() -> T:
            return await operation(self._engine, *args, **kwargs)

        return asyncio.run_coroutine_threadsafe(run(), self._loop)


def worker_type() -> str:
    """The type of the workers that the settings ask for."""
    return Settings().worker


def set_up_logs() -> None:
    """Write this process's log lines, and Prefect's, as the settings say."""
    settings = runtime().settings
    configure(settings.log_level, settings.log_format)


@cache
def traces() -> Traces:
    """Where the process's spans go; a process that forks asks for it after the fork alone."""
    return Traces("scorewire-flow", wanted=traces_wanted())


def page_url() -> str:
    """Where people see their jobs."""
    settings = runtime().settings
    return settings.page_url or http_url(settings.host, settings.port)


@cache
def runtime() -> Runtime:
    """The process's runtime."""
    return Runtime(Settings())
