"""The last stage: notes become a score."""

from collections.abc import Mapping, Sequence

from scorewire.jobs.options import Options, Stem
from scorewire.jobs.report import Report
from scorewire.music.notes import Note
from scorewire.music.score import ScoreFiles, write_score


def engrave(
    notes: Mapping[Stem, Sequence[Note]], options: Options, *, title: str, report: Report
) -> ScoreFiles:
    """Write a recording's notes as sheet music.

    Args:
        notes: what was transcribed from each stem.
        options: of the request; its `notation` and `instruments` count here.
        title: stands over the first bar.
        report: told how far the work is.

    Raises:
        NoNotesError: there is nothing to write.
    """
    return write_score(
        notes,
        title=title,
        notation=options.notation,
        instruments=options.instruments,
        report=report,
    )
