"""A laid-out score as MusicXML 4.0 (https://www.w3.org/2021/06/musicxml40/).

Written element by element, not through a library: the same score gives the same bytes (no random
ids, no dates), and every note carries an id that a page can light up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from xml.etree import ElementTree as ET

from scorewire.music.accidentals import shown_accidentals
from scorewire.music.key import Key
from scorewire.music.layout import Bar, Part, Score, name_noteheads
from scorewire.music.meter import TICKS_PER_QUARTER
from scorewire.music.musicxml_clefs import (
    order_voices,
    write_clef_changes,
    write_first_clefs,
    write_octave_line,
)
from scorewire.music.musicxml_harmony import write_chords
from scorewire.music.musicxml_parts import list_part
from scorewire.music.musicxml_percussion import (
    limb,
    write_no_key,
    write_notehead,
    write_place,
    write_sound,
)
from scorewire.music.musicxml_tempo import write_tempo
from scorewire.music.notes import ScoreNote
from scorewire.music.rhythm import Symbol
from scorewire.music.spelling import Spelling

_DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_VOICES_PER_STAFF = 4
"""Voice numbers 1-4 belong to the first staff and 5-8 to the second, as notation programs do."""

_FORTE = 90
"""Velocity that MusicXML counts as 100 %, its forte."""


def write_musicxml(score: Score) -> bytes:
    """Encode a score.

    Returns:
        A MusicXML 4.0 document, UTF-8.
    """
    root = ET.Element("score-partwise", version="4.0")
    ET.SubElement(ET.SubElement(root, "work"), "work-title").text = _printable(score.title)
    encoding = ET.SubElement(ET.SubElement(root, "identification"), "encoding")
    ET.SubElement(encoding, "software").text = f"Scorewire {version('scorewire')}"
    part_list = ET.SubElement(root, "part-list")
    for index, part in enumerate(score.parts, start=1):
        list_part(part_list, part, index)
    for index, part in enumerate(score.parts, start=1):
        _PartWriter(score, part, index).write(ET.SubElement(root, "part", id=f"P{index}"))
    ET.indent(root)
    return f"{_DOCTYPE}{ET.tostring(root, encoding='unicode')}\n".encode()


def _printable(text: str) -> str:
    """Text without the control characters that XML cannot hold."""
    return "".join(character for character in text if character.isprintable())


@dataclass(frozen=True)
class _Place:
    """Where a symbol stands.

    Attributes:
        staff: number of the staff in its part.
        voice: number of the voice in its part.
        stem: direction, where two voices share the staff.
        shown: notes of the bar whose accidental is printed: (tick, note).
    """

    staff: int
    voice: int
    stem: str | None
    shown: frozenset[tuple[int, ScoreNote]]


class _PartWriter:
    """Writes one part's measures."""

    def __init__(self, score: Score, part: Part, index: int) -> None:
        self._score = score
        self._part = part
        self._index = index
        self._percussion = part.instrument.percussion
        self._ids = name_noteheads(part, index)

    def write(self, element: ET.Element) -> None:
        """Fill a `part` element."""
        new_keys = {bar.number: key for bar, key in self._score.key_changes()}
        last = self._score.bars[-1].number
        for index, (bar, staves) in enumerate(zip(self._score.bars, self._part.bars, strict=True)):
            measure = ET.SubElement(element, "measure", number=str(bar.number))
            if bar.number == 0:
                measure.set("implicit", "yes")
            if index == 0:
                self._write_attributes(measure)
                if self._index == 1:
                    write_tempo(measure, self._score)
            elif bar.number in new_keys and not self._percussion:
                _write_key(ET.SubElement(measure, "attributes"), new_keys[bar.number])
            if index > 0:
                write_clef_changes(measure, self._part, index)
            if self._index == 1:
                write_chords(measure, self._score.chords, bar)
            self._write_bar(measure, index, bar, staves)
            if bar.number == last or bar.number + 1 in new_keys:
                barline = ET.SubElement(measure, "barline", location="right")
                style = "light-heavy" if bar.number == last else "light-light"
                ET.SubElement(barline, "bar-style").text = style

    def _write_attributes(self, measure: ET.Element) -> None:
        staves = len(self._part.instrument.clefs)
        attributes = ET.SubElement(measure, "attributes")
        ET.SubElement(attributes, "divisions").text = str(TICKS_PER_QUARTER)
        if self._percussion:
            write_no_key(attributes)
        else:
            _write_key(attributes, self._score.keys[0])
        time = ET.SubElement(attributes, "time")
        ET.SubElement(time, "beats").text = str(self._score.meter.numerator)
        ET.SubElement(time, "beat-type").text = str(self._score.meter.denominator)
        if staves > 1:
            ET.SubElement(attributes, "staves").text = str(staves)
            ET.SubElement(attributes, "part-symbol").text = "brace"
        write_first_clefs(attributes, self._part)

    def _write_bar(
        self,
        measure: ET.Element,
        index: int,
        bar: Bar,
        staves: Sequence[Sequence[Sequence[Symbol]]],
    ) -> None:
        reached = bar.start
        for staff, voices in enumerate(staves, start=1):
            written = len(measure)
            shown: frozenset[tuple[int, ScoreNote]] = frozenset()
            if not self._percussion:
                key = self._score.keys[index]
                shown = shown_accidentals(voices, self._score.spellings, key)
            for number, voice in order_voices(voices, self._part, index, staff):
                stem = ("up", "down")[number - 1] if len(voices) > 1 else None
                player, stem = limb(voice) if self._percussion else (number, stem)
                _move(measure, reached, bar.start)
                reached = bar.start
                for symbol in voice:
                    _move(measure, reached, symbol.onset)
                    place = _Place(staff, (staff - 1) * _VOICES_PER_STAFF + player, stem, shown)
                    self._write_symbol(measure, symbol, place)
                    reached = symbol.end
                _move(measure, reached, bar.end)
                reached = bar.end
            write_octave_line(measure, written, self._part, index, staff)

    def _write_symbol(self, measure: ET.Element, symbol: Symbol, place: _Place) -> None:
        chord: Sequence[ScoreNote | None] = symbol.chord.notes if symbol.chord else (None,)
        for index, note in enumerate(chord):
            element = ET.SubElement(measure, "note")
            if note is not None:
                element.set("id", self._ids[symbol.onset, note])
                element.set("dynamics", f"{100 * note.velocity / _FORTE:.0f}")
            if index > 0:
                ET.SubElement(element, "chord")
            self._write_sound(element, symbol, note)
            ET.SubElement(element, "voice").text = str(place.voice)
            _write_value(element, symbol)
            if note is not None and (symbol.onset, note) in place.shown:
                alter = self._score.spellings[note].alter
                ET.SubElement(element, "accidental").text = _ACCIDENTALS[alter]
            _write_triplet(element, symbol)
            if note is not None:
                self._write_look(element, symbol, note, place)
            if len(self._part.instrument.clefs) > 1:
                ET.SubElement(element, "staff").text = str(place.staff)
            if index == 0:
                for number, state in enumerate(symbol.beams, start=1):
                    ET.SubElement(element, "beam", number=str(number)).text = state
            _write_notations(element, symbol, first=index == 0)

    def _write_sound(self, element: ET.Element, symbol: Symbol, note: ScoreNote | None) -> None:
        if note is None:
            _write_rest(element, symbol)
        elif self._percussion:
            write_place(element, note.pitch)
        else:
            _write_pitch(element, self._score.spellings[note])
        ET.SubElement(element, "duration").text = str(symbol.ticks)
        _write_ties(element, symbol, "tie")
        if note is not None and self._percussion:
            write_sound(element, self._index, note.pitch)

    def _write_look(
        self, element: ET.Element, symbol: Symbol, note: ScoreNote, place: _Place
    ) -> None:
        if place.stem is not None and symbol.type != "whole":
            ET.SubElement(element, "stem").text = place.stem
        if self._percussion:
            write_notehead(element, note.pitch)


def _write_key(attributes: ET.Element, key: Key) -> None:
    element = ET.SubElement(attributes, "key")
    ET.SubElement(element, "fifths").text = str(key.fifths)
    ET.SubElement(element, "mode").text = key.mode


def _move(measure: ET.Element, reached: int, target: int) -> None:
    """Go back, or over a place where a voice is silent without a rest."""
    if target != reached:
        step = ET.SubElement(measure, "backup" if target < reached else "forward")
        ET.SubElement(step, "duration").text = str(abs(target - reached))


def _write_rest(element: ET.Element, symbol: Symbol) -> None:
    rest = ET.SubElement(element, "rest")
    if symbol.whole_bar:
        rest.set("measure", "yes")


def _write_pitch(element: ET.Element, spelling: Spelling) -> None:
    pitch = ET.SubElement(element, "pitch")
    ET.SubElement(pitch, "step").text = spelling.step
    if spelling.alter:
        ET.SubElement(pitch, "alter").text = str(spelling.alter)
    ET.SubElement(pitch, "octave").text = str(spelling.octave)


def _write_value(element: ET.Element, symbol: Symbol) -> None:
    if symbol.whole_bar:
        return
    ET.SubElement(element, "type").text = symbol.type
    if symbol.dots:
        ET.SubElement(element, "dot")


def _write_triplet(element: ET.Element, symbol: Symbol) -> None:
    if symbol.triplet:
        ratio = ET.SubElement(element, "time-modification")
        ET.SubElement(ratio, "actual-notes").text = "3"
        ET.SubElement(ratio, "normal-notes").text = "2"


def _write_ties(element: ET.Element, symbol: Symbol, tag: str) -> None:
    if symbol.tied_back:
        ET.SubElement(element, tag, type="stop")
    if symbol.tied_on:
        ET.SubElement(element, tag, type="start")


def _write_notations(element: ET.Element, symbol: Symbol, *, first: bool) -> None:
    bracket = symbol.tuplet is not None and first
    if not (symbol.tied_back or symbol.tied_on or bracket):
        return
    notations = ET.SubElement(element, "notations")
    _write_ties(notations, symbol, "tied")
    if bracket:
        ET.SubElement(notations, "tuplet", type=str(symbol.tuplet))
