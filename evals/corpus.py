"""The scores in music21's corpus that the weights are learned from.

Chorales, chamber and piano music as MusicXML, and two collections of fiddle tunes as ABC. Their
encoders' terms are in the corpus's `license.txt`: the music is in the public domain; some encodings
may not be sold, so none is here. The Essen collection, whose terms are unclear, is left out.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import music21
from symbolic import Measure, Passage, WrittenNote, join, read_grand_staves, read_musicxml

from scorewire.music.meter import TICKS_PER_QUARTER, Meter

VOICES = 4
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


def read_keyboard() -> Iterator[tuple[str, Passage]]:
    """Read what two hands play, each note with its staff; the piece's name before it.

    That is keyboard parts on two staves, and chorales with two voices in each hand.
    """
    corpus = Path(music21.__file__).parent / "corpus"
    kept = set(KEPT_FOR_EVALUATION.read_text().split())
    for folder in ("bach", *OTHERS):
        for path in sorted((corpus / folder).rglob("*.*")):
            name = path.relative_to(corpus).as_posix()
            if path.suffix not in {".mxl", ".xml", ".musicxml"} or name in kept:
                continue
            if folder != "bach":
                for passage in read_grand_staves(path, name):
                    yield name, passage
            elif CHORALES.fullmatch(name):
                for passage in read_musicxml(path, name):
                    if {note.staff for note in passage.notes} == set(range(VOICES)):
                        yield name, _imploded(passage)


def _imploded(passage: Passage) -> Passage:
    """Two upper voices on the first staff, two lower ones on the second."""
    notes = [replace(note, staff=1 + (note.staff >= VOICES // 2)) for note in passage.notes]
    return replace(passage, notes=notes)


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
