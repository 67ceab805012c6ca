"""Symbolic scores to notes in bars, for what is learned from them.

MusicXML is read element by element: music21 takes an hour for what this takes seconds for.
"""

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from scorewire.music.meter import TICKS_PER_QUARTER, Meter

_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_FEWEST_BARS, _FEWEST_NOTES = 6, 16


@dataclass(frozen=True)
class WrittenNote:
    """A note on the page, ties joined.

    Attributes:
        onset: tick from the first bar line.
        ticks: length.
        pitch: MIDI note number.
        staff: number of the part, or of the staff in its part.
    """

    onset: int
    ticks: float
    pitch: int
    staff: int


@dataclass
class Passage:
    """Bars of one metre and key signature.

    Attributes:
        source: name of the piece.
        meter: time signature.
        qpm: quarters a minute, where the score says so at its start.
        bars: number of whole bars.
        notes: the notes, by bar.
    """

    source: str
    meter: Meter
    qpm: float | None
    bars: int = 0
    notes: list[WrittenNote] = field(default_factory=list)


@dataclass(frozen=True)
class Measure:
    """A measure as read: its length, its notes from its start with their ties, what changes."""

    ticks: int
    notes: list[tuple[WrittenNote, frozenset[str]]]
    meter: Meter | None
    fifths: int | None


def read_musicxml(path: Path, source: str) -> Iterator[Passage]:
    """Read all parts together; a measure that does not add up ends a passage."""
    root = _root(path)
    if root.find(".//transpose") is not None:
        return  # written pitches that are not the sounding ones
    parts = [list(_measures(part, staff)) for staff, part in enumerate(root.iterfind("part"))]
    sound = root.find(".//sound[@tempo]")
    qpm = float(sound.get("tempo", "nan")) if sound is not None else None
    together = [_merge(measures) for measures in zip(*parts, strict=False)]
    yield from join(together, source, qpm=qpm)


def read_grand_staves(path: Path, source: str) -> Iterator[Passage]:
    """Read each keyboard part alone; its notes get the number of their staff, from 1."""
    for part in _root(path).iterfind("part"):
        if part.findtext(".//staves") == "2":
            yield from join(_measures(part, None), source, qpm=None)


def _root(path: Path) -> ET.Element:
    if path.suffix != ".mxl":
        return ET.fromstring(path.read_bytes())  # noqa: S314 - scores of a named corpus
    archive = zipfile.ZipFile(path)
    container = ET.fromstring(archive.read("META-INF/container.xml"))  # noqa: S314 - as above
    name = next(file.get("full-path", "") for file in container.iter() if file.get("full-path"))
    return ET.fromstring(archive.read(name))  # noqa: S314 - as above


def _merge(measures: Sequence[Measure]) -> Measure:
    """One measure of all parts; what changes, the first part says."""
    notes = [note for measure in measures for note in measure.notes]
    ticks = max(measure.ticks for measure in measures)
    return Measure(ticks, notes, measures[0].meter, measures[0].fifths)


def _measures(part: ET.Element, staff: int | None) -> Iterator[Measure]:
    """Measures of a part; notes get the number given, or that of their staff."""
    divisions = 1.0
    for measure in part.iterfind("measure"):
        meter = fifths = None
        now = start = reached = 0.0
        notes: list[tuple[WrittenNote, frozenset[str]]] = []
        for element in measure:
            ticks = float(element.findtext("duration") or 0) / divisions * TICKS_PER_QUARTER
            if element.tag == "attributes":
                divisions = float(element.findtext("divisions") or divisions)
                fifths = int(element.findtext("key/fifths") or 0) if _has(element, "key") else None
                if _has(element, "time/beats"):
                    beats, unit = element.findtext("time/beats"), element.findtext("time/beat-type")
                    meter = Meter.parse(f"{beats}/{unit}")
            elif element.tag == "backup":
                now -= ticks
            elif element.tag == "forward":
                now += ticks
            elif element.tag == "note" and not _has(element, "grace") and not _has(element, "cue"):
                if not _has(element, "chord"):
                    start, now = now, now + ticks
                if _has(element, "pitch"):
                    notes.append(_note(element, start, ticks, staff))
            reached = max(reached, now)
        yield Measure(round(reached), notes, meter, fifths)


def _has(element: ET.Element, path: str) -> bool:
    return element.find(path) is not None


def _note(
    element: ET.Element, start: float, ticks: float, staff: int | None
) -> tuple[WrittenNote, frozenset[str]]:
    octave, step = int(element.findtext("pitch/octave") or 0), element.findtext("pitch/step") or "C"
    alter = int(float(element.findtext("pitch/alter") or 0))
    pitch = 12 * (octave + 1) + _SEMITONES[step] + alter
    ties = frozenset(tie.get("type", "") for tie in element.iterfind("tie"))
    if staff is None:
        staff = int(element.findtext("staff") or 1)
    return WrittenNote(round(start), ticks, pitch, staff), ties


def join(measures: Iterable[Measure], source: str, *, qpm: float | None) -> Iterator[Passage]:
    """Put measures one after another, in passages that keep their metre and signature.

    Measures that a repeat sign divides are one bar; an incomplete first measure is a pickup.
    """
    meter: Meter | None = None
    passage: Passage | None = None
    held: dict[tuple[int, int], int] = {}
    now = part_of_bar = 0
    for measure in measures:
        meter = measure.meter or meter
        changes = measure.meter is not None or measure.fifths is not None
        broken = meter is None or not 0 < measure.ticks <= meter.bar_ticks
        if changes or broken:
            yield from _complete(passage)
            passage = None
        if broken or meter is None:
            continue
        if passage is None:
            passage, held, part_of_bar = Passage(source, meter, qpm), {}, 0
            now = (meter.bar_ticks - measure.ticks) % meter.bar_ticks
            pickup = now > 0
        else:
            pickup = False
        _add(passage, measure, now, held)
        now += measure.ticks
        if not pickup:
            part_of_bar += measure.ticks
            if part_of_bar > meter.bar_ticks:
                yield from _complete(passage)
                passage = None
            elif part_of_bar == meter.bar_ticks:
                passage.bars += 1
                part_of_bar = 0
    yield from _complete(passage)


def _complete(passage: Passage | None) -> Iterator[Passage]:
    long = passage is not None and passage.bars >= _FEWEST_BARS
    if passage is not None and long and len(passage.notes) >= _FEWEST_NOTES:
        yield passage


def _add(passage: Passage, measure: Measure, now: int, held: dict[tuple[int, int], int]) -> None:
    for note, ties in measure.notes:
        key = (note.staff, note.pitch)
        index = held.pop(key, None) if "stop" in ties else None
        if index is None:
            index = len(passage.notes)
            placed = WrittenNote(now + note.onset, note.ticks, note.pitch, note.staff)
            passage.notes.append(placed)
        else:
            first = passage.notes[index]
            longer = WrittenNote(first.onset, first.ticks + note.ticks, first.pitch, first.staff)
            passage.notes[index] = longer
        if "start" in ties:
            held[key] = index
