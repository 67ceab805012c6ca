"""Swung eighths: written straight, sounding late, and everything else where it was."""

import io
from itertools import pairwise
from random import Random

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from performances import minuet, play, write
from score_reading import assert_bars_complete, drum_strokes, parse, sounding_notes
from swung_scores import swing, swung_grid, swung_score

from scorewire.music.beats import BeatTrack
from scorewire.music.divisions import Divisions
from scorewire.music.drumset import CLOSED_HI_HAT
from scorewire.music.engraving import Look, engrave
from scorewire.music.grid import Grid
from scorewire.music.meter import Meter
from scorewire.music.midi import write_score_midi
from scorewire.music.musicxml import write_musicxml
from scorewire.music.notes import Note
from scorewire.music.playback import time_score
from scorewire.music.printing import print_score
from scorewire.music.swing_timing import sounding_tick, written_tick

BEAT_S = 0.5
TUNE = [(0, 1, 72), (1, 0.5, 74), (1.5, 0.5, 76), (2, 1, 77), (3, 0.5, 79), (3.5, 0.5, 77)]
WRITTEN = [start for start, _, _ in TUNE]
TRIPLET = [(0, 1, 72), (1, 1 / 3, 74), (4 / 3, 1 / 3, 76), (5 / 3, 1 / 3, 77), (2, 2, 79)]

places = st.floats(-50, 500, allow_nan=False)
beats = st.frozensets(st.integers(-3, 20))


@pytest.mark.parametrize(
    ("written", "sounding"), [(0, 0), (6, 8), (12, 16), (18, 20), (24, 24), (36, 40), (-12, -8)]
)
def test_a_swung_off_beat_is_a_triplets_last_third(written: int, sounding: int) -> None:
    """Half a quarter sounds at two thirds; beats stay, and halves are stretched evenly."""
    assert sounding_tick(written) == sounding
    assert written_tick(sounding) == written


@given(places, places, beats)
def test_what_sounds_keeps_its_order_and_can_be_written(
    one: float, other: float, straight: frozenset[int]
) -> None:
    """Each way undoes the other, and neither changes which of two comes first."""
    for way, back in ((sounding_tick, written_tick), (written_tick, sounding_tick)):
        there = [way(tick, straight_beats=straight) for tick in sorted((one, other))]
        assert there == sorted(there)
        assert back(there[0], straight_beats=straight) == pytest.approx(min(one, other), abs=1e-9)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=12), st.floats(-1, 9))
def test_a_grid_that_is_not_swung_is_as_it_was(steps: list[int], asked: float) -> None:
    """Straight lines from event to event, to the last bit."""
    ticks = np.cumsum([0, *(12 * step for step in steps)])
    times_s = np.cumsum([0.0, *(0.23 * step + 0.01 * (step % 3) for step in steps)])
    grid = Grid(BeatTrack(Meter(4, 4), ticks, times_s, 0.48, 0.0), Divisions(), times_s)
    if 0 < asked < times_s[-1]:
        assert grid.ticks_at(asked) == float(np.interp(asked, times_s, ticks))
    if 0 < asked * 24 < ticks[-1]:
        assert grid.time_at(asked * 24) == float(np.interp(asked * 24, ticks, times_s))
    assert not grid.swung


def test_a_swung_grid_has_off_beats_late() -> None:
    """Between and after the notes that were played; a beat of triplets stays even."""
    grid = swung_grid(play([(0, 1, 60), (2, 1, 60), (4, 1, 60)]), [0, 2, 4])
    for beat in (0, 1, 3, 5):
        off_beat_s = (beat + 2 / 3) * BEAT_S
        assert grid.time_at(24 * beat + 12) == pytest.approx(off_beat_s)
        assert grid.ticks_at(off_beat_s) == pytest.approx(24 * beat + 12)
        assert grid.time_at(24 * beat) == pytest.approx(beat * BEAT_S)
    thirds = swung_grid(play(TRIPLET), [start for start, _, _ in TRIPLET])
    assert thirds.time_at(40) == pytest.approx(5 / 3 * BEAT_S)
    assert thirds.ticks_at(4.5 / 3 * BEAT_S) == pytest.approx(36)


def test_swung_notes_are_written_straight_under_the_word() -> None:
    """Eighths without triplets, `Swing` before the metronome mark, 2:1 for those who play it."""
    score, _ = swung_score(swing(TUNE), WRITTEN)
    root = parse(write_musicxml(score))
    assert_bars_complete(root)
    assert [note.start for note in sounding_notes(root)] == [0, 24, 36, 48, 72, 84]
    assert root.find(".//time-modification") is None
    (direction,) = root.iter("direction")
    assert [kind[0].tag for kind in direction.findall("direction-type")] == ["words", "metronome"]
    assert direction.findtext("direction-type/words") == "Swing"
    swung = direction.find("sound/swing")
    assert [(part.tag, part.text) for part in swung] == [
        ("first", "2"), ("second", "1"), ("swing-type", "eighth"),
    ]  # fmt: skip
    assert direction.find("sound").get("tempo") == "120"


def test_music_that_is_not_swung_does_not_say_so() -> None:
    """Neither the word nor the sign for players, nor in what the page's player is told."""
    files = write(minuet(), swing=False)
    root = parse(files.musicxml)
    assert root.find(".//words") is None
    assert root.find(".//swing") is None
    assert b'"swung":false' in files.playback


def test_the_player_swings() -> None:
    """At the written tempo off-beats come late; beats, bars and the recording are as they were."""
    notes = swing(TUNE, start_s=1.0)
    score, grid = swung_score(notes, WRITTEN)
    told = time_score(score, grid)
    assert told.swung
    expected = [note.onset_s - 1.0 for note in notes]
    assert [note.onset_s for note in told.notes] == pytest.approx(expected, abs=1e-4)
    assert [note.duration_s for note in told.notes[1:3]] == pytest.approx([1 / 3, 1 / 6], abs=2e-4)
    played = [note.onset_s for note in notes]
    assert [note.recording_onset_s for note in told.notes] == pytest.approx(played, abs=1e-4)
    assert [beat.onset_s for beat in told.beats] == [0, 0.5, 1.0, 1.5]


def test_midi_as_written_swings() -> None:
    """A third of a quarter late, of 480 ticks; triplets are played as they stand."""
    struck = {}
    for name, tune in (("swung", TUNE), ("thirds", TRIPLET)):
        notes = swing(tune)
        score, grid = swung_score(notes, [start for start, _, _ in tune])
        file = mido.MidiFile(file=io.BytesIO(write_score_midi(score, grid, steady=True)))
        now, struck[name] = 0, []
        for message in file.tracks[1]:
            now += message.time
            if message.type == "note_on":
                struck[name].append(now)
    assert struck == {
        "swung": [0, 480, 800, 960, 1440, 1760],
        "thirds": [0, 480, 640, 800, 960],
    }


def test_an_upbeat_on_an_off_beat_keeps_the_tempo() -> None:
    """The short first bar goes at the tempo of the others, and its note comes late in it."""
    tune = [(3.5, 0.5, 67), *((4 + beat, 1, 72) for beat in range(4))]
    score, grid = swung_score(swing(tune), [start for start, _, _ in tune])
    file = mido.MidiFile(file=io.BytesIO(write_score_midi(score, grid, steady=False)))
    tempi = [message.tempo for message in file.tracks[0] if message.type == "set_tempo"]
    assert tempi == pytest.approx([500_000, 500_000], abs=5)
    told = time_score(score, grid)
    gaps = [after.onset_s - before.onset_s for before, after in pairwise(told.notes)]
    assert gaps == pytest.approx([BEAT_S / 3, *[BEAT_S] * 3], abs=1e-3)
    assert told.bars[1].onset_s == told.notes[1].onset_s == BEAT_S / 2


def ride(*thirds: float, bars: int = 1) -> list[Note]:
    """Strokes of a cymbal from beat to beat, and off the second and fourth at these places."""
    strokes = [(4 * bar + beat, 0.1, CLOSED_HI_HAT) for bar in range(bars) for beat in range(4)]
    strokes += [
        (4 * bar + beat + off, 0.1, CLOSED_HI_HAT)
        for bar in range(bars)
        for beat in (1, 3)
        for off in thirds
    ]
    return play(strokes)


@pytest.mark.parametrize("off", [0.5, 0.6, 2 / 3, 0.7, 3 / 4])
def test_a_ride_is_written_in_eighths(off: float) -> None:
    """Ding, ding-a-ding: a quarter and two eighths, however hard the drummer swings."""
    score, _ = swung_score(swing(TUNE), WRITTEN, ride(off))
    root = parse(write_musicxml(score))
    assert_bars_complete(root)
    assert [tick for tick, _, _ in drum_strokes(root)] == [0, 24, 36, 48, 72, 84]
    drums = root.findall("part")[-1]
    values = [note.findtext("type") for note in drums.iter("note")]
    assert values == ["quarter", "eighth", "eighth"] * 2
    assert drums.find(".//time-modification") is None


def test_a_drummers_triplet_is_one_among_swung_eighths() -> None:
    """Where a stroke falls on the first third too; it sounds where it was struck."""
    score, grid = swung_score(swing(TUNE), WRITTEN, ride(1 / 3, 2 / 3))
    root = parse(write_musicxml(score))
    assert [tick for tick, _, _ in drum_strokes(root)] == [0, 24, 32, 40, 48, 72, 80, 88]
    told = time_score(score, grid)
    strokes = [note.onset_s for note in told.notes if note.part == 1]
    thirds = [0, 3, 4, 5, 6, 9, 10, 11]
    assert strokes == pytest.approx([third * BEAT_S / 3 for third in thirds], abs=1e-4)
    recorded = [note.recording_onset_s for note in told.notes if note.part == 1]
    assert recorded == pytest.approx(strokes, abs=1e-4)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([4, 6, 8, 12, 12, 24, 36, 96]), max_size=30),
    st.lists(st.floats(0, 12), max_size=30),
    st.integers(0, 95),
    st.randoms(use_true_random=False),
)
def test_any_swung_performance_becomes_a_sound_score(
    steps: list[int], strokes_s: list[float], first: int, player: Random
) -> None:
    """Schema-valid and complete, with every note once; no clock runs backwards in any part."""
    ticks = np.cumsum([first, *steps])
    notes, played_s = [], 0.0
    for tick, step in zip(ticks, [*steps, 24], strict=True):
        length_s = step / 24 * BEAT_S * player.uniform(0.8, 1.2)
        notes.append(Note(played_s, played_s + length_s, 60 + int(tick) % 13, 80))
        played_s += length_s
    drums = [Note(time_s, time_s + 0.1, CLOSED_HI_HAT, 90) for time_s in strokes_s]
    score, grid = swung_score(notes, [tick / 24 for tick in ticks.tolist()], drums)
    root = parse(write_musicxml(score))
    assert_bars_complete(root)
    told = time_score(score, grid)
    for part in range(len(score.parts)):
        own = [note for note in told.notes if note.part == part]
        for clock in ("onset_s", "recording_onset_s"):
            seconds = [getattr(note, clock) for note in own]
            assert seconds == sorted(seconds)
        assert all(note.duration_s > 0 for note in own)
    recorded = [note.recording_onset_s for note in told.notes if note.part == 0]
    assert recorded == pytest.approx([note.onset_s for note in notes], abs=1e-3)
    assert write_score_midi(score, grid, steady=False)


@pytest.mark.parametrize("bpm", [66, 120.5, 240])
def test_the_word_does_not_touch_the_metronome_mark(bpm: float) -> None:
    """`Swing`, a drawn note, `= 120`: one after another, without a font of music."""
    score, _ = swung_score(swing(TUNE, bpm=bpm), WRITTEN, bpm=bpm)
    musicxml = write_musicxml(score)
    (page,) = engrave(musicxml, Look(width=800)).pages
    assert "Leipzig" not in page
    (tempo,) = etree.fromstring(page).xpath("//*[@class='tempo']")
    word, symbol, number = tempo
    assert [word.text, number.text] == ["Swing", f"= {bpm:g}"]
    note_from = float(symbol.get("transform").partition("(")[2].partition(" ")[0])
    # Five letters of bold Times are 2.6 times as long as they are high; in other fonts as well.
    assert float(word.get("textLength")) == pytest.approx(
        2.6 * int(word.get("font-size")[:-2]), rel=0.02
    )
    assert note_from > float(word.get("x")) + float(word.get("textLength")) + 100
    assert float(number.get("x")) > note_from + 200
    assert word.get("y") == number.get("y")
    assert print_score(musicxml, title="Swung").startswith(b"%PDF-")
