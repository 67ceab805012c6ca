"""How a staff is read: clefs and octave lines."""

import music21
import pytest
import verovio
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from performances import play, write
from score_reading import assert_bars_complete, parse, sounding_notes

from scorewire.jobs.options import Stem
from scorewire.music.clefs import Register, choose_registers
from scorewire.music.instruments import BASS, TREBLE, Instrument
from scorewire.music.notes import ScoreNote
from scorewire.music.rhythm import Symbol
from scorewire.music.spelling import Spelling
from scorewire.music.voices import Chord

PIANO = Instrument("Piano", 0, (TREBLE, BASS), grand_staff=True, changes_clef=True)
LINE = Instrument("Melody", 0, (TREBLE,))


def read(instrument: Instrument, staff: int, bars: list[list[str]]) -> list[Register]:
    """How bars of quarters, each named like C4, are read."""
    spellings: dict[ScoreNote, Spelling] = {}
    written = []
    for index, bar in enumerate(bars):
        voice = []
        for beat, name in enumerate(bar):
            onset = 96 * index + 24 * beat
            note = ScoreNote(onset, onset + 24, 60, 80, staff)
            spellings[note] = Spelling(name[0], 0, int(name[1:]))
            voice.append(Symbol(onset, 24, Chord(onset, onset + 24, [note]), "quarter"))
        written.append([voice])
    return choose_registers(instrument, staff, written, spellings)


def reading_effort(registers: list[Register], bars: list[list[str]]) -> int:
    """Squares of all ledger lines."""
    notes = [
        (register, Spelling(name[0], 0, int(name[1:])))
        for register, bar in zip(registers, bars, strict=True)
        for name in bar
    ]
    lines = [count for register, note in notes for count in register.count_ledger_lines(note, note)]
    return sum(count**2 for count in lines)


NAMES = st.builds(
    lambda step, octave: f"{step}{octave}", st.sampled_from("CDEFGAB"), st.integers(1, 7)
)
BARS = st.lists(st.lists(NAMES, max_size=4), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("register", "name", "lines"),
    [
        (Register(TREBLE), "C4", (1, 0)),
        (Register(TREBLE), "D4", (0, 0)),
        (Register(TREBLE), "A5", (0, 1)),
        (Register(TREBLE), "C7", (0, 5)),
        (Register(TREBLE, 1), "C7", (0, 2)),
        (Register(BASS), "C4", (0, 1)),
        (Register(BASS), "E2", (1, 0)),
        (Register(BASS, -1), "C1", (2, 0)),
    ],
)
def test_ledger_lines_are_counted(register: Register, name: str, lines: tuple[int, int]):
    """Below the staff and above it, as they stand on paper."""
    note = Spelling(name[0], 0, int(name[1]))
    assert register.count_ledger_lines(note, note) == lines


@settings(max_examples=60, deadline=None)
@given(BARS, st.sampled_from([1, 2]))
def test_no_staff_becomes_harder_to_read(bars: list[list[str]], staff: int):
    """Ledger lines, each note's squared, never grow; nor do they for a player of one clef."""
    for instrument, number in ((PIANO, staff), (LINE, 1)):
        registers = read(instrument, number, bars)
        own = [Register(instrument.clefs[number - 1])] * len(bars)
        assert reading_effort(registers, bars) <= reading_effort(own, bars)
        assert instrument is PIANO or {register.clef for register in registers} == {TREBLE}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["E2", "G3", "C4"]), max_size=4), min_size=1, max_size=9))
def test_what_lies_well_is_left_alone(bars: list[list[str]]):
    """Up to one ledger line on a note asks for no change."""
    assert set(read(PIANO, 2, bars)) == {Register(BASS)}


def test_a_left_hand_goes_up_for_a_passage_and_comes_back():
    """Four bars above middle C stand in treble clef; one high note does not."""
    low, high, leap = ["C3", "G3", "E3", "G3"], ["E4", "G4", "C5", "G4"], ["C3", "G3", "E3", "E4"]
    registers = read(PIANO, 2, [low, leap, low, *[high] * 4, low, low])
    assert [register.clef for register in registers] == [BASS] * 3 + [TREBLE] * 4 + [BASS] * 2


def test_a_clef_waits_for_its_notes_and_an_octave_line_ends_with_them():
    """In bars of rest the old clef stays, and no octave line goes on."""
    low, high, top = ["C3"] * 4, ["C5"] * 4, ["C7"] * 4
    registers = read(PIANO, 2, [low, low, [], [], *[high] * 4])
    assert [register.clef for register in registers] == [BASS] * 4 + [TREBLE] * 4
    registers = read(LINE, 1, [["C5"] * 4, [], top, top, [], ["C5"] * 4])
    assert [register.octaves for register in registers] == [0, 0, 1, 1, 0, 0]


def test_a_line_keeps_its_clef_and_a_voice_has_no_octave_lines():
    """Nobody knows who plays a line alone; singers read neither."""
    assert set(read(LINE, 1, [["C3"] * 4] * 4)) == {Register(TREBLE)}
    voice = Instrument("Voice", 52, (TREBLE,), octave_lines=False)
    assert set(read(voice, 1, [["C7"] * 4] * 4)) == {Register(TREBLE)}


def high_and_low() -> bytes:
    """Right hand under 8va in two voices, left hand over 8vb, both after two plain bars."""
    right = [(beat, 1, 72 + beat % 3 * 2) for beat in range(8)]
    left = [(beat, 1, 48 + beat % 3 * 2) for beat in range(8)]
    for start in (8, 12, 16):
        right += [(start, 3, 93), *((start + i / 2, 0.5, 96 + i % 3 * 4) for i in range(8))]
        left += [(start + i / 2, 0.5, 24 + i % 3 * 2) for i in range(8)]
    right += [(20 + beat, 1, 72 + beat % 3 * 2) for beat in range(8)]
    left += [(20 + beat, 1, 48 + beat % 3 * 2) for beat in range(8)]
    files = write(play(right + left), time_signature="4/4", tempo_bpm=120, key="C major")
    return files.musicxml


def test_octave_lines_enclose_their_notes_and_pitches_sound():
    """Valid MusicXML; every line of a staff begins and ends; music21 reads what was played."""
    root = parse(high_and_low())
    assert_bars_complete(root)
    shifts = [(e.get("number"), e.get("type")) for e in root.iter("octave-shift")]
    assert sorted(shifts) == [("1", "down"), ("1", "stop"), ("2", "stop"), ("2", "up")]
    score = music21.converter.parseData(high_and_low().decode(), format="musicxml")
    heard = sorted({pitch.midi for note in score.recurse().notes for pitch in note.pitches})
    assert heard == sorted({note.pitch for note in sounding_notes(root)})
    assert heard[0] == 24
    assert heard[-1] == 104


def test_a_bass_guitar_and_a_voice_keep_their_clefs():
    """Whatever they play, a stem of one clef has that clef alone."""
    parts = {
        Stem.BASS: play([(beat, 1, 60 + beat % 3) for beat in range(32)]),
        Stem.VOCALS: play([(beat, 1, 45 + 40 * (beat // 16)) for beat in range(32)]),
    }
    root = parse(write(parts, time_signature="4/4", tempo_bpm=120).musicxml)
    assert [len(part.findall(".//clef")) for part in root.findall("part")] == [1, 1]
    assert root.find(".//octave-shift") is None


@pytest.mark.parametrize(
    "figure",
    [
        [(0, 3.8, 43), *((1 + i / 2, 0.5, (55, 59, 62)[i % 3]) for i in range(6))],
        [(0, 3, 43), (0.5, 1.5, 59), (1, 3, 62), (2, 0.5, 62), (2.5, 2, 47), (3, 2, 62)],
        [(0, 0.5, 50), (1, 3, 43), (1.5, 3, 47), (2, 0.5, 43), (2.5, 2, 55), (3.5, 0.5, 47)],
    ],
)
def test_a_new_clef_is_drawn_behind_every_note_of_the_bar(figure: list[tuple[float, float, int]]):
    """The left hand goes up for four bars; in most bars its voices end where they like."""
    right = [(beat, 1, 88 + beat % 3 * 2) for beat in range(32)]
    quarters = [(0, 1, 43), (1, 1, 55), (2, 1, 43), (3, 1, 55)]
    left = [
        (4 * bar + onset, length, pitch + (24 if 2 <= bar < 6 else 0))
        for bar in range(8)
        for onset, length, pitch in (quarters if bar % 4 == 1 else figure)
    ]
    files = write(play(right + left), time_signature="4/4", tempo_bpm=120, key="G major")
    toolkit = verovio.toolkit()
    assert toolkit.loadData(files.musicxml.decode())
    layers = etree.fromstring(toolkit.getMEI().encode()).iterfind(".//{*}layer")
    drawn = [[element.tag.rpartition("}")[2] for element in layer] for layer in layers]
    changed = [layer for layer in drawn if "clef" in layer]
    assert changed
    assert all(layer.index("clef") == len(layer) - 1 for layer in changed)
