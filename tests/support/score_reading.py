"""Reads a written MusicXML file back by plain arithmetic, apart from the code under test."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_XLINK = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
 targetNamespace="http://www.w3.org/1999/xlink">
<xs:attribute name="href" type="xs:anyURI"/><xs:attribute name="type" type="xs:string"/>
<xs:attribute name="role" type="xs:token"/><xs:attribute name="title" type="xs:token"/>
<xs:attribute name="show" type="xs:NMTOKEN"/><xs:attribute name="actuate" type="xs:NMTOKEN"/>
</xs:schema>"""
_XML = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
 targetNamespace="http://www.w3.org/XML/1998/namespace">
<xs:attribute name="lang" type="xs:language"/><xs:attribute name="space" type="xs:NCName"/>
</xs:schema>"""


class _Offline(etree.Resolver):
    """Answers the schema's two imports without the network."""

    def resolve(self, url, pubid, context):
        """Give the part of xlink and xml that MusicXML uses."""
        del pubid
        if url.endswith("xlink.xsd"):
            return self.resolve_string(_XLINK, context)
        if url.endswith("/xml.xsd"):
            return self.resolve_string(_XML, context)
        return None


@cache
def schema() -> etree.XMLSchema:
    """The MusicXML 4.0 schema that the package `musicxml` carries."""
    spec = find_spec("musicxml")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    path = Path(spec.submodule_search_locations[0]) / "generate_classes" / "musicxml_4_0.xsd"
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Offline())
    return etree.XMLSchema(etree.parse(path, parser))


def parse(musicxml: bytes) -> etree._Element:
    """The root, after a check against the schema."""
    root = etree.fromstring(musicxml, etree.XMLParser(load_dtd=False, no_network=True))
    schema().assertValid(root)
    return root


@dataclass(frozen=True)
class Sounding:
    """A note as it sounds: ties joined; ticks from the first bar line."""

    part: int
    staff: int
    start: int
    end: int
    pitch: int


def sounding_notes(root: etree._Element) -> list[Sounding]:
    """All notes, in order of part, start and pitch."""
    notes = []
    for index, part in enumerate(root.findall("part")):
        open_ties: dict[tuple[int, int], list[int]] = {}
        pieces = [
            (start, end, element)
            for element, start, end in _placed(part)
            if element.find("pitch") is not None
        ]
        for start, end, element in sorted(pieces, key=lambda piece: piece[0]):
            pitch = _midi(element.find("pitch"))
            ties = {tie.get("type") for tie in element.findall("tie")}
            key = (start, pitch)
            first = open_ties.pop(key)[0] if "stop" in ties else start
            if "start" in ties:
                open_ties[end, pitch] = [first]
            else:
                staff = int(element.findtext("staff", "1"))
                notes.append(Sounding(index, staff, first, end, pitch))
        assert not open_ties, "a tie leads nowhere"
    return sorted(notes, key=lambda n: (n.part, n.start, n.pitch))


def drum_strokes(root: etree._Element) -> list[tuple[int, int, str]]:
    """Tick, General MIDI sound and voice of each stroke in the last part, in order."""
    return sorted(
        (
            start,
            int(element.find("instrument").get("id").partition("-I")[2]) - 1,
            element.findtext("voice"),
        )
        for element, start, _ in _placed(root.findall("part")[-1])
        if element.find("unpitched") is not None
    )


def assert_bars_complete(root: etree._Element) -> None:
    """Every staff of every bar adds up; only the first and the last bar may be short."""
    for part in root.findall("part"):
        measures = part.findall("measure")
        beats = int(measures[0].findtext("attributes/time/beats"))
        beat_type = int(measures[0].findtext("attributes/time/beat-type"))
        divisions = int(measures[0].findtext("attributes/divisions"))
        full = 4 * beats * divisions // beat_type
        for number, measure in enumerate(measures):
            ends: Counter[str] = Counter()
            voices: Counter[str] = Counter()
            for element, start, end in _timed(measure):
                if element.tag != "note":
                    continue
                staff = element.findtext("staff", "1")
                ends[staff] = max(ends[staff], end)
                if element.find("chord") is None:
                    voice = element.findtext("voice")
                    assert start >= voices[voice], "a voice overlaps itself"
                    voices[voice] = end
            filled = _filled(measure)
            short = number == 0 and measure.get("implicit") == "yes"
            assert filled == full or (short and filled < full), (number, filled, full)
            assert all(end <= filled for end in ends.values())


def _filled(measure: etree._Element) -> int:
    reached = {end for _, _, end in _timed(measure)}
    return max(reached)


def _placed(part: etree._Element) -> Iterator[tuple[etree._Element, int, int]]:
    """Each note of a part, rests among them, with its start and end in the piece."""
    origin = 0
    for measure in part.findall("measure"):
        for element, start, end in _timed(measure):
            if element.tag == "note":
                yield element, origin + start, origin + end
        origin += _filled(measure)


def _timed(measure: etree._Element) -> Iterator[tuple[etree._Element, int, int]]:
    now, struck = 0, 0
    for element in measure:
        duration = int(element.findtext("duration", "0"))
        if element.tag == "backup":
            now -= duration
        elif element.tag == "forward":
            now += duration
            yield element, now - duration, now
        elif element.tag == "note":
            if element.find("chord") is None:
                struck = now
                now += duration
            yield element, struck, struck + duration


def _midi(pitch: etree._Element) -> int:
    octave = int(pitch.findtext("octave"))
    alter = int(pitch.findtext("alter", "0"))
    return 12 * (octave + 1) + _SEMITONES[pitch.findtext("step")] + alter
