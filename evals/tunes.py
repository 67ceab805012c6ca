"""The folk tunes and chorales in music21's corpus to notes in bars."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import music21
from symbolic import Measure, Passage, WrittenNote, join

from scorewire.music.meter import TICKS_PER_QUARTER, Meter

COLLECTIONS = ("ryansMammoth", "oneills1850", "airdsAirs")
SONGS = ("erk5", "erk10", "erk20", "kinder0", "boehme10", "altdeu10", "fink0", "lot", "irl")
"""Files of the Essen collection; it is large, and most of it is of one kind."""

CHORALES = re.compile(r"bwv\d+(\.\d+)?\.mxl")


def read_tunes(without: Sequence[str] = ()) -> Iterator[Passage]:
    """Read every tune and chorale, but for names that hold one of `without`."""
    corpus = Path(music21.__file__).parent / "corpus"
    files = [path for folder in COLLECTIONS for path in sorted((corpus / folder).glob("*.abc"))]
    files += [corpus / "essenFolksong" / f"{name}.abc" for name in SONGS]
    files += [path for path in sorted((corpus / "bach").iterdir()) if CHORALES.match(path.name)]
    for path in files:
        parsed = music21.converter.parse(path)
        for number, score in enumerate(getattr(parsed, "scores", [parsed])):
            name = f"{path.parent.name}/{path.stem}#{number}"
            if not any(part in name for part in without):
                yield from join(_measures(score), name, qpm=None)


def _measures(score: Any) -> Iterator[Measure]:  # noqa: ANN401 - music21 ships no types
    parts = [list(part.getElementsByClass("Measure")) for part in score.parts]
    for measures in zip(*parts, strict=False):
        first = measures[0]
        length = max(measure.duration.quarterLength for measure in measures)
        ratio = first.timeSignature.ratioString if first.timeSignature is not None else None
        yield Measure(
            ticks=_ticks(length),
            notes=[note for staff, m in enumerate(measures) for note in _notes(m, staff)],
            meter=Meter.parse(ratio) if ratio is not None else None,
            fifths=first.keySignature.sharps if first.keySignature is not None else None,
        )


def _notes(
    measure: Any,  # noqa: ANN401 - music21 ships no types
    staff: int,
) -> Iterator[tuple[WrittenNote, frozenset[str]]]:
    for note in measure.recurse().notes:
        ticks = _ticks(note.duration.quarterLength)
        onset = _ticks(note.getOffsetInHierarchy(measure))
        kind = note.tie.type if note.tie is not None else ""
        ties = frozenset({"start", "stop"} if kind == "continue" else {kind})
        for pitch in note.pitches if ticks else ():
            yield WrittenNote(onset, ticks, pitch.midi, staff), ties


def _ticks(quarters: float) -> int:
    return round(float(quarters) * TICKS_PER_QUARTER)
