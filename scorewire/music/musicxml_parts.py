"""MusicXML's list of parts: what stands before each, and how it sounds."""

from xml.etree import ElementTree as ET

from scorewire.music.layout import Part
from scorewire.music.musicxml_percussion import list_sounds

_LAST_MIDI_CHANNEL, _DRUM_CHANNEL = 16, 10


def list_part(part_list: ET.Element, part: Part, index: int) -> None:
    """Add a part, the one at place `index` from 1."""
    listed = ET.SubElement(part_list, "score-part", id=f"P{index}")
    ET.SubElement(listed, "part-name").text = part.instrument.name
    if part.instrument.percussion:
        list_sounds(listed, part, index)
        return
    instrument = ET.SubElement(listed, "score-instrument", id=f"P{index}-I1")
    ET.SubElement(instrument, "instrument-name").text = part.instrument.name
    channel = (index - 1) % (_LAST_MIDI_CHANNEL - 1) + 1
    midi = ET.SubElement(listed, "midi-instrument", id=f"P{index}-I1")
    ET.SubElement(midi, "midi-channel").text = str(channel + (channel >= _DRUM_CHANNEL))
    ET.SubElement(midi, "midi-program").text = str(part.instrument.program + 1)
