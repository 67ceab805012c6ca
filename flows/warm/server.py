"""The fork server: a process that has imported all that a flow run needs, and does nothing else.

    worker ── fork server ─┬─ flow run
                           └─ flow run

A fork takes along memory, and of the threads only the one that forks: whatever another thread held
or served is lost. So this process has one thread, opens nothing, and never asks for the GPU, as a
CUDA context does not outlive a fork. What a run makes of its own starts after the fork: our
settings, the store's event loop and connections, the models' thread pools.

The worker holds the other end of the socket. When it goes, this process ends, and the kernel ends
the flow runs with it. Run by the worker, as `python -m flows.warm.server DESCRIPTOR`.
"""

import gc
import logging
import os
import runpy
import selectors
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import anyio._backends._asyncio  # noqa: F401 - as are the others below: seconds, in each run
import msgspec
import partitura.musicanalysis  # noqa: F401 - see above
import prefect._internal.observers
import prefect.concurrency.services
import prefect.concurrency.v1.context
import prefect.engine
import prefect.flow_engine
import prefect.task_engine
import prefect.telemetry.run_telemetry
import prefect.utilities.visualization  # noqa: F401 - see above
from prefect.client.orchestration import get_client
from prefect.context import refresh_global_settings_context
from prefect.logging.configuration import setup_logging
from prefect.plugins import load_prefect_collections

import flows.transcribe  # noqa: F401 - see above
import scorewire.media.ytdlp  # noqa: F401 - see above
from flows.runtime import runtime, set_up_logs, traces
from flows.warm.messages import Began, Ended, Fork, Inbox, Ready, encode
from flows.warm.tls import share_tls_contexts
from scorewire.errors import SetupError
from scorewire.inference.preloading import preload
from scorewire.stack.process import die_with_parent, name_process

CHUNK_BYTES = 1 << 16

logger = logging.getLogger("prefect.fork_server")


def main() -> None:
    """Import, then fork a process for each request until the worker is gone."""
    worker = socket.socket(fileno=int(sys.argv[1]))
    inherited = dict(os.environ)  # noqa: TID251 - what an import adds to it belongs to the import
    setup_logging()
    share_tls_contexts()
    get_client(sync_client=True)  # reads the certificates
    load_prefect_collections()  # looked through for the storage of results
    unfold = preload()
    _refuse_threads()
    # What is here stays: a collection in a child would copy the pages that it looks at.
    gc.collect()
    gc.freeze()
    logger.info("Everything is imported; flow runs are forked from here")
    worker.sendall(encode(Ready()))
    request = _serve(worker)
    if request is not None:
        _become(request, inherited)
        unfold()
        runtime().connect()  # while Prefect is asked for the run
        # What `python -m prefect.engine` does; the copy that was imported is of no use to runpy.
        sys.argv = ["prefect.engine"]
        sys.modules.pop("prefect.engine", None)
        runpy.run_module("prefect.engine", run_name="__main__")


def _refuse_threads() -> None:
    """Make sure that a fork loses no thread.

    Raises:
        SetupError: something that was imported has started one.
    """
    # OpenBLAS ends its threads before a fork, and starts them again when it needs them.
    if (pid := os.fork()) == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads > 1:
        message = "An import starts threads, which a fork loses; set SCOREWIRE_WORKER=process."
        raise SetupError(message)


def _serve(worker: socket.socket) -> Fork | None:
    """Fork on request, and tell how the forked processes end.

    Returns:
        In a forked process, what it is to run; in this one None, when the worker is gone.
    """
    inbox = Inbox(msgspec.json.Decoder(Fork))
    die_with_us = die_with_parent(signal.SIGKILL)
    # In the process's own memory, unlike epoll, whose entries a child would share.
    selector = selectors.PollSelector()
    selector.register(worker, selectors.EVENT_READ)
    try:
        while True:
            for key, _ in selector.select():
                if key.data is not None:
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    worker.sendall(encode(_reap(*key.data)))
                    continue
                received = worker.recv(CHUNK_BYTES)
                if not received:
                    return None
                for request in inbox.take(received):
                    try:
                        pid = os.fork()
                    except OSError:
                        logger.exception("Flow run %s was not forked", request.flow_run_id)
                        worker.sendall(encode(Ended(request.flow_run_id, os.EX_OSERR)))
                        continue
                    if pid == 0:
                        die_with_us()
                        _leave_server(worker, selector, request)
                        return request
                    process = (pid, request)
                    selector.register(os.pidfd_open(pid), selectors.EVENT_READ, process)
    except (BrokenPipeError, ConnectionResetError):
        return None


def _reap(pid: int, request: Fork) -> Ended:
    _, status = os.waitpid(pid, 0)
    return Ended(request.flow_run_id, os.waitstatus_to_exitcode(status))


def _leave_server(worker: socket.socket, selector: selectors.BaseSelector, request: Fork) -> None:
    os.setsid()
    # In `ps`; the command line stays the fork server's.
    name_process(f"flow {request.environment['PREFECT__FLOW_NAME']}")
    worker.sendall(encode(Began(request.flow_run_id, os.getpid())))
    for key in list(selector.get_map().values()):
        os.close(key.fd)
    worker.detach()


def _become(request: Fork, inherited: Mapping[str, str]) -> None:
    """Take on the run's folder and environment, and what Prefect makes of them."""
    environment = os.environ  # noqa: TID251 - it is handed to this process, as an exec would do
    for name in inherited.keys() - request.environment.keys():
        del environment[name]
    environment.update(request.environment)
    os.chdir(request.folder)
    if _settings(request.environment) != _settings(inherited):
        refresh_global_settings_context()
        setup_logging()
    set_up_logs()
    traces()  # before the flow begins, and not before the fork: it sends in a thread


def _settings(environment: Mapping[str, str]) -> dict[str, str]:
    """What Prefect's settings are read from; with two underscores it talks to itself."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith("PREFECT_") and not name.startswith("PREFECT__")
    }


if __name__ == "__main__":
    main()
