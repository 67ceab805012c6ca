"""Engraves in a process of its own, since the libraries of notation hold the interpreter.

So one score is written while the device works on the next recording.
"""

import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from threading import Thread
from types import TracebackType
from typing import Self

from scorewire.errors import StageTimeoutError, WorkerLostError
from scorewire.jobs.options import Options, Stem
from scorewire.jobs.report import Report
from scorewire.music.notes import Note
from scorewire.music.score import ScoreFiles
from scorewire.pipeline.musicxml import engrave

LONGEST_S = 600.0


class Engraver:
    """One process that engraves one score at a time; a context manager.

    One that dies costs the score that it was at, and is replaced.
    """

    def __init__(self) -> None:
        self._pool = _pool()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def __call__(
        self, notes: Mapping[Stem, Sequence[Note]], options: Options, *, title: str, report: Report
    ) -> ScoreFiles:
        """Write a score; `report` hears when that is done.

        Raises:
            NoNotesError: there is nothing to write.
            WorkerLostError: the process died over it.
            StageTimeoutError: it took longer than any score does.
        """
        try:
            files = self._pool.submit(_engrave, dict(notes), options, title).result(LONGEST_S)
        except BrokenProcessPool as error:
            self._replace()
            message = "The process that wrote the score died; try again, or a shorter section."
            raise WorkerLostError(message) from error
        except TimeoutError as error:
            self._replace()
            message = "Writing the score took too long; try again, or a shorter section."
            raise StageTimeoutError(message) from error
        report(1.0, "The score is written")
        return files

    def _replace(self) -> None:
        for process in multiprocessing.active_children():
            if process.pid in self._pids():
                process.kill()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = _pool()

    def _pids(self) -> set[int]:
        # Not public in Python 3.11; `kill_workers` is, from 3.14 on.
        return set(self._pool._processes or ())  # noqa: SLF001 - see above


def _pool() -> ProcessPoolExecutor:
    # Spawned, as this process has threads, which a fork would lose.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """A parent that is killed cannot say good-bye; its pipe would be waited on for ever."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()


def _engrave(notes: Mapping[Stem, Sequence[Note]], options: Options, title: str) -> ScoreFiles:
    return engrave(notes, options, title=title, report=_nobody)


def _nobody(fraction: float, message: str) -> None:
    """What the process does in between is told to nobody."""
