"""What MusicXML says of how a staff is read: clefs and octave lines.

Pitches stay as they sound. An octave line holds, for some readers, from its first element to its
last in the order of the file, not in time; so its ends enclose all voices of the staff.
"""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from scorewire.music.instruments import Clef
from scorewire.music.layout import Part
from scorewire.music.rhythm import Symbol


def write_first_clefs(attributes: ET.Element, part: Part) -> None:
    """Write the clef of every staff."""
    _write_clefs(attributes, dict(enumerate((r.clef for r in part.registers[0]), start=1)), part)


def write_clef_changes(measure: ET.Element, part: Part, index: int) -> None:
    """Write the clefs that hold from the bar at `index`, not the first, as its attributes."""
    pairs = zip(part.registers[index - 1], part.registers[index], strict=True)
    changed = {
        staff: new.clef for staff, (old, new) in enumerate(pairs, start=1) if new.clef != old.clef
    }
    if changed:
        _write_clefs(ET.SubElement(measure, "attributes"), changed, part)


def order_voices(
    voices: Sequence[Sequence[Symbol]], part: Part, index: int, staff: int
) -> list[tuple[int, Sequence[Symbol]]]:
    """Number a bar's voices, in the order in which they are to be written.

    Where an octave line begins, what sounds first comes first; where it ends, what sounds last
    comes last.
    """
    numbered = list(enumerate(voices, start=1))
    if _ends(part, index, staff):
        numbered.sort(key=lambda entry: max(_strikes(entry[1]), default=-1))
    elif _begins(part, index, staff):
        numbered.sort(key=lambda entry: min(_strikes(entry[1]), default=-1))
    return numbered


def write_octave_line(
    measure: ET.Element, written: int, part: Part, index: int, staff: int
) -> None:
    """Write the ends of an octave line round the notes of a staff's bar.

    Args:
        measure: the bar; its elements from `written` on are those of the staff.
        written: see there.
        part: the part.
        index: place of the bar in the piece, from 0.
        staff: number of the staff.
    """
    notes = [
        place
        for place, element in enumerate(measure)
        if place >= written and element.find("pitch") is not None
    ]
    if _ends(part, index, staff):
        measure.insert(notes[-1] + 1, _octave_shift(part, staff, "stop"))
    if _begins(part, index, staff):
        up = _octaves(part, index, staff) > 0
        shift = _octave_shift(part, staff, "down" if up else "up")
        shift.set("placement", "above" if up else "below")
        measure.insert(notes[0], shift)


def _begins(part: Part, index: int, staff: int) -> bool:
    return _octaves(part, index, staff) not in (0, _octaves(part, index - 1, staff))


def _ends(part: Part, index: int, staff: int) -> bool:
    return _octaves(part, index, staff) not in (0, _octaves(part, index + 1, staff))


def _octaves(part: Part, index: int, staff: int) -> int:
    """What an octave line adds in a bar; 0 before the first and after the last."""
    bars = part.registers
    return bars[index][staff - 1].octaves if 0 <= index < len(bars) else 0


def _strikes(voice: Sequence[Symbol]) -> list[int]:
    return [symbol.onset for symbol in voice if symbol.chord is not None]


def _write_clefs(attributes: ET.Element, clefs: dict[int, Clef], part: Part) -> None:
    for staff, clef in clefs.items():
        element = ET.SubElement(attributes, "clef")
        if len(part.instrument.clefs) > 1:
            element.set("number", str(staff))
        ET.SubElement(element, "sign").text = clef.sign
        if clef.line is not None:
            ET.SubElement(element, "line").text = str(clef.line)
        if clef.octaves:
            ET.SubElement(element, "clef-octave-change").text = str(clef.octaves)


def _octave_shift(part: Part, staff: int, kind: str) -> ET.Element:
    direction = ET.Element("direction")
    which = {"type": kind, "number": str(staff), "size": "8"}
    ET.SubElement(ET.SubElement(direction, "direction-type"), "octave-shift", which)
    if len(part.instrument.clefs) > 1:
        ET.SubElement(direction, "staff").text = str(staff)
    return direction
