"""The notes become a score: MusicXML, MIDI, and when everything on the page sounds."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from flows.journal import current_journal
from flows.reporting import StageReport
from flows.stages.storage import store_bytes
from flows.stages.task import content_key, run_stage, stage_task
from flows.stages.transcription import load_notes
from scorewire.jobs.options import Options, Stem
from scorewire.jobs.report import Report
from scorewire.jobs.stages import Stage
from scorewire.music.notes import Note
from scorewire.music.score import ScoreFiles
from scorewire.pipeline.musicxml import engrave


class Engrave(Protocol):
    """Writes notes as sheet music, as `scorewire.pipeline.musicxml.engrave` does."""

    def __call__(
        self, notes: Mapping[Stem, Sequence[Note]], options: Options, *, title: str, report: Report
    ) -> ScoreFiles:
        """Write a score."""


_engrave: ContextVar[Engrave] = ContextVar("engrave", default=engrave)


@contextmanager
def engraving_with(other: Engrave) -> Iterator[None]:
    """Within the block, let this thread's scores be written elsewhere: in another process, say."""
    token = _engrave.set(other)
    try:
        yield
    finally:
        _engrave.reset(token)


def musicxml(options: Options, title: str, notes: dict[str, str]) -> dict[str, str]:
    """Write a job's score.

    Returns:
        Blob keys by kind: `musicxml`, `midi` (quantised), `performance_midi` (as played),
        `playback` (the times of each note, bar and beat).
    """
    key = content_key(Stage.MUSICXML, notes["notes"], title, options.notation, options.instruments)
    return run_stage(musicxml_task, options, title, notes["notes"], key=key)


@stage_task(Stage.MUSICXML, retries=1, timeout_s=900)
def musicxml_task(options: Options, title: str, notes_key: str, *, key: str) -> dict[str, str]:
    """Engrave, and store the files."""
    files = _engrave.get()(
        load_notes(notes_key),
        options,
        title=title,
        report=StageReport(current_journal(), Stage.MUSICXML),
    )
    return {
        "musicxml": store_bytes("scores", files.musicxml, ".musicxml"),
        "midi": store_bytes("scores", files.midi, ".mid"),
        "performance_midi": store_bytes("scores", files.performance_midi, ".performance.mid"),
        "playback": store_bytes("scores", files.playback, ".playback.json"),
    }
