"""The scores in music21's corpus that the weights are learned from.

Chorales, chamber and piano music as MusicXML, and two collections of fiddle tunes as ABC. Their
encoders' terms are in the corpus's `license.txt`: the music is in the public domain; some encodings
may not be sold, so none is here. The Essen collection, whose terms are unclear, is left out.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import music21
from symbolic import Measure, Passage, WrittenNote, join, read_musicxml

from scorewire.music.meter import TICKS_PER_QUARTER, Meter

TUNES = ("airdsAirs", "ryansMammoth")
CHORALES = re.compile(r"bach/bwv\d+(\.\d+)?\.mxl")
OTHERS = (
    *("beach", "beethoven", "chopin", "corelli", "cpebach", "handel", "haydn", "joplin"),
    *("johnson_j_r", "leadSheet", "liliuokalani", "mozart", "schubert", "schumann_clara"),
    *("schumann_robert", "verdi", "weber"),
)
KEPT_FOR_EVALUATION = Path(__file__).with_name("kept_for_evaluation.txt")
"""Files of every piece that the scores are measured with, and of other copies of it."""


def read_corpus() -> Iterator[Passage]:
    """Read every score, but for those that are kept for evaluation."""
    corpus = Path(music21.__file__).parent / "corpus"
    kept = set(KEPT_FOR_EVALUATION.read_text().split())
    scores = [path for folder in ("bach", *OTHERS) for path in (corpus / folder).rglob("*.*")]
    for path in sorted(scores):
        name = path.relative_to(corpus).as_posix()
        skipped = name.startswith("bach/") and not CHORALES.fullmatch(name)
        if path.suffix in {".mxl", ".xml", ".musicxml"} and not skipped and name not in kept:
            yield from read_musicxml(path, name)
    for path in sorted(path for folder in TUNES for path in (corpus / folder).glob("*.abc")):
        parsed = music21.converter.parse(path, forceSource=True)
        for number, score in enumerate(getattr(parsed, "scores", [parsed])):
            name = f"{path.relative_to(corpus).as_posix()}#{number}"
            if name not in kept:
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
