"""Shows a job's progress on standard error: a bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text
from typing_extensions import override

from scorewire.cli.follow import Update
from scorewire.cli.terminal import say
from scorewire.jobs.stages import SPANS, Stage

_LINE_STEP = 5


class Display(Protocol):
    """Shows updates; a context manager."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clean up."""

    def show(self, update: Update) -> None:
        """Show where the job stands."""


def display() -> Display:
    """The display that suits where standard error goes."""
    return Bar() if sys.stderr.isatty() else Lines()


class Bar:
    """The four stages on one line; the bar and the current message on the next."""

    def __init__(self, console: Console | None = None) -> None:
        one_line = Column(ratio=1, no_wrap=True, overflow="ellipsis")
        self._progress = _UnderStages(
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False, table_column=one_line),
            console=console or Console(stderr=True),
            expand=True,
        )
        self._task = self._progress.add_task("waiting", total=100, stages=stage_strip(0, None))

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # the terminal was closed
            self._progress.stop()

    def show(self, update: Update) -> None:
        """Move the bar."""
        self._progress.update(
            self._task,
            completed=update.progress,
            description=update.message,
            stages=stage_strip(update.progress, update.stage),
        )


class _UnderStages(Progress):
    """A bar below the strip of stages, which together are too wide for one line."""

    @override
    def get_renderables(self) -> Iterator[RenderableType]:
        for task in self.tasks:
            yield Text.from_markup(task.fields["stages"], overflow="ellipsis")
        yield from super().get_renderables()


class Lines:
    """A plain line for each change of stage and each five points."""

    def __init__(self) -> None:
        self._stage: Stage | None = None
        self._progress = -_LINE_STEP

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to clean up."""

    def show(self, update: Update) -> None:
        """Write a line where there is something new to say."""
        moved = update.progress - self._progress
        if update.stage == self._stage and 0 <= moved < _LINE_STEP:
            return
        self._stage, self._progress = update.stage, update.progress
        stage = f"{update.stage}: " if update.stage else ""
        say(f"{update.progress:3d} %  {stage}{update.message}")


def stage_strip(progress: int, current: Stage | None) -> str:
    """The four stages in rich's markup: done, running, to come."""
    words = []
    for stage, span in SPANS.items():
        if stage is current:
            words.append(f"[bold cyan]{stage}[/]")
        elif progress >= span.end:
            words.append(f"[green]{stage}[/]")
        else:
            words.append(f"[dim]{stage}[/]")
    return " > ".join(words)
