"""The tempo mark in MusicXML, and how eighths are played."""

from xml.etree import ElementTree as ET

from scorewire.music.layout import Score
from scorewire.music.meter import TICKS_PER_QUARTER

_BEAT_UNITS = {48: ("half", False), 24: ("quarter", False), 12: ("eighth", False)}
_DOTTED_BEAT = ("quarter", True)


def write_tempo(measure: ET.Element, score: Score) -> None:
    """Write the beats a minute, and before them "Swing" where eighths are swung.

    The word stands for the equation of two eighths with a triplet's quarter and eighth, which
    Verovio does not draw: it leaves it out, with the metronome mark behind it.
    """
    direction = ET.SubElement(measure, "direction", placement="above")
    if score.swung:
        ET.SubElement(ET.SubElement(direction, "direction-type"), "words").text = "Swing"
    metronome = ET.SubElement(ET.SubElement(direction, "direction-type"), "metronome")
    unit, dotted = _BEAT_UNITS.get(score.meter.beat_ticks, _DOTTED_BEAT)
    ET.SubElement(metronome, "beat-unit").text = unit
    if dotted:
        ET.SubElement(metronome, "beat-unit-dot")
    ET.SubElement(metronome, "per-minute").text = f"{score.tempo_bpm:g}"
    quarters = score.tempo_bpm * score.meter.beat_ticks / TICKS_PER_QUARTER
    sound = ET.SubElement(direction, "sound", tempo=f"{quarters:g}")
    if score.swung:
        swing = ET.SubElement(sound, "swing")
        ET.SubElement(swing, "first").text = "2"
        ET.SubElement(swing, "second").text = "1"
        ET.SubElement(swing, "swing-type").text = "eighth"
