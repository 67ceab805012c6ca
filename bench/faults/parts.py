"""The parts of a running stack, found among its processes, and killed."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

FORKED = "flow transcribe"


class Parts:
    """The processes of one stack.

    Args:
        supervisor: the process of `scorewire up`.
        data_dir: the stack's data folder.
    """

    def __init__(self, supervisor: int, data_dir: Path) -> None:
        self._supervisor = psutil.Process(supervisor)
        self._data_dir = data_dir

    def flow(self) -> list[psutil.Process]:
        """What runs a flow."""
        return self._those(lambda p: p.name() == FORKED or "prefect.engine" in p.cmdline())

    def fork_server(self) -> list[psutil.Process]:
        """What flows are forked from."""
        return self._those(
            lambda p: not p.name().startswith("flow ") and "flows.warm.server" in p.cmdline()
        )

    def worker(self) -> list[psutil.Process]:
        """What takes runs from Prefect."""
        return self._those(lambda p: "worker" in p.cmdline() and "--pool" in p.cmdline())

    def prefect(self) -> list[psutil.Process]:
        """The Prefect server, all of it."""
        servers = self._those(lambda p: {"server", "start", "--port"} <= {*p.cmdline()})
        return [process for s in servers for process in (s, *s.children(recursive=True))]

    def postgres(self) -> list[psutil.Process]:
        """The process that all others of Postgres belong to."""
        return self._those(lambda p: "postgres" in p.name() and "postgres" not in _parent_name(p))

    def api(self) -> list[psutil.Process]:
        """The API, with the bridge in it."""
        return self._those(lambda p: "api.app:from_environment" in p.cmdline())

    def _those(self, belongs: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
        found = []
        for process in self._supervisor.children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it ended since it was listed
                if belongs(process):
                    found.append(process)
        return found


def kill(processes: list[psutil.Process]) -> None:
    """Give nobody a chance to say a word."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


@contextmanager
def stopped(processes: list[psutil.Process]) -> Iterator[None]:
    """Hold processes where they are within the block."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


def _parent_name(process: psutil.Process) -> str:
    parent = process.parent()
    return "" if parent is None else parent.name()
