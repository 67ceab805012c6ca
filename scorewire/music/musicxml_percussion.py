"""What MusicXML says otherwise of a drum set than of pitched parts.

A stroke is an `unpitched` note: a place on the staff, a notehead, and which of the part's sounds it
is. Each sound is an instrument of its own, on MIDI's channel for drums.
"""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from scorewire.music.drumset import SOUNDS
from scorewire.music.layout import Part
from scorewire.music.rhythm import Symbol

_MIDI_CHANNEL = 10
_HANDS, _FEET = (1, "up"), (2, "down")


def list_sounds(listed: ET.Element, part: Part, index: int) -> None:
    """Fill a drum set's entry in the list of parts, after its name."""
    struck = sorted({note.pitch for note in part.notes})
    for sound in struck:
        instrument = ET.SubElement(listed, "score-instrument", id=_sound_id(index, sound))
        ET.SubElement(instrument, "instrument-name").text = SOUNDS[sound].name
    for sound in struck:
        midi = ET.SubElement(listed, "midi-instrument", id=_sound_id(index, sound))
        ET.SubElement(midi, "midi-channel").text = str(_MIDI_CHANNEL)
        ET.SubElement(midi, "midi-program").text = str(part.instrument.program + 1)
        ET.SubElement(midi, "midi-unpitched").text = str(sound + 1)


def limb(voice: Sequence[Symbol]) -> tuple[int, str]:
    """Number of the voice that hands or feet have, and where their stems point."""
    sounds = [note.pitch for symbol in voice if symbol.chord for note in symbol.chord.notes]
    return _FEET if sounds and SOUNDS[sounds[0]].foot else _HANDS


def write_no_key(attributes: ET.Element) -> None:
    """Say that there is no key signature; left out, Verovio would make one by transposing."""
    ET.SubElement(ET.SubElement(attributes, "key", {"print-object": "no"}), "fifths").text = "0"


def write_place(element: ET.Element, sound: int) -> None:
    """Say where a stroke stands, in place of its pitch."""
    place = ET.SubElement(element, "unpitched")
    ET.SubElement(place, "display-step").text = SOUNDS[sound].step
    ET.SubElement(place, "display-octave").text = str(SOUNDS[sound].octave)


def write_sound(element: ET.Element, index: int, sound: int) -> None:
    """Say which sound a stroke is; stands behind its ties."""
    ET.SubElement(element, "instrument", id=_sound_id(index, sound))


def write_notehead(element: ET.Element, sound: int) -> None:
    """Say what its head looks like; stands behind its stem."""
    if SOUNDS[sound].notehead != "normal":
        ET.SubElement(element, "notehead").text = SOUNDS[sound].notehead


def _sound_id(index: int, sound: int) -> str:
    return f"P{index}-I{sound + 1}"
