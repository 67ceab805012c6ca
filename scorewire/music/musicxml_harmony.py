"""Chord symbols in MusicXML: `harmony` elements at the head of a bar, each with its offset."""

from bisect import bisect_left
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from scorewire.music.harmony import ChordSymbol
from scorewire.music.layout import Bar

_TEXTS = {
    "major": "", "minor": "m", "dominant": "7", "major-seventh": "maj7", "minor-seventh": "m7",
    "diminished": "°", "half-diminished": "ø7", "diminished-seventh": "°7", "augmented": "+",
}  # fmt: skip
"""How each kind is written behind its root, in letters that every font has."""


def write_chords(measure: ET.Element, chords: Sequence[ChordSymbol], bar: Bar) -> None:
    """Write the symbols of a bar; stands before its notes."""
    first, after = (
        bisect_left(chords, tick, key=lambda chord: chord.onset) for tick in (bar.start, bar.end)
    )
    for chord in chords[first:after]:
        harmony = ET.SubElement(measure, "harmony", placement="above")
        _write_name(ET.SubElement(harmony, "root"), "root", chord.root)
        ET.SubElement(harmony, "kind", text=_TEXTS[chord.kind]).text = chord.kind
        if chord.bass is not None:
            _write_name(ET.SubElement(harmony, "bass"), "bass", chord.bass)
        if chord.onset > bar.start:
            ET.SubElement(harmony, "offset").text = str(chord.onset - bar.start)


def _write_name(element: ET.Element, tag: str, name: str) -> None:
    ET.SubElement(element, f"{tag}-step").text = name[0]
    alter = name.count("#") - name.count("b")
    if alter:
        ET.SubElement(element, f"{tag}-alter").text = str(alter)
