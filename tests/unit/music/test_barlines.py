"""Level of the beat, metre and bar lines, read over the whole piece."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from performances import minuet, note_lists, play, write
from score_reading import assert_bars_complete, parse, sounding_notes

from scorewire.music.accents import group_chords
from scorewire.music.bar_model import learned_bar_model
from scorewire.music.barlines import count_halves, follow_beat
from scorewire.music.evidence import READ_METERS, Onsets, Reading, list_readings
from scorewire.music.meter import Meter
from scorewire.music.notes import Note


def onsets(*ticks: int) -> Onsets:
    """One pitch at each tick, at 96 quarters a minute."""
    return Onsets(
        ticks=np.array(ticks),
        pitches=[[60 + tick % 7] for tick in ticks],
        lengths=[[6.0] for _ in ticks],
        velocities=np.full(len(ticks), 64.0),
        qpm=96.0,
    )


def oom_pah(bars: int) -> list[tuple[float, float, int]]:
    """Bass and chord in turn under a tune, in two quarters a bar."""
    notes = []
    for bar in range(bars):
        notes += [(2.0 * bar, 1.0, 36 + 5 * (bar % 2)), (2.0 * bar, 1.0, 72 + bar % 4)]
        notes += [(2.0 * bar + 1, 1.0, pitch) for pitch in (55, 60, 64, 70)]
    return notes


def test_every_reading_is_described():
    """All levels, metres and eighths of the bar; one row for each, as long as the weights."""
    readings, features = list_readings(onsets(*range(0, 480, 12)))
    assert len(set(readings)) == len(readings) == len(features)
    assert {reading.meter for reading in readings} == set(READ_METERS)
    assert Reading(Fraction(1), Meter(4, 4), 84) in readings
    assert features.shape[1] == len(learned_bar_model().linear)
    assert np.isfinite(features).all()


def test_absurd_levels_are_not_read():
    """Quarters slower than 34 or faster than 290 a minute are nobody's."""
    readings, _ = list_readings(onsets(*range(0, 480, 12)))
    assert {reading.scale for reading in readings} == {
        Fraction(1, 2), Fraction(2, 3), Fraction(1), Fraction(3, 2), Fraction(2), Fraction(3),
    }  # fmt: skip


def test_only_two_features_of_each_metre_tell_the_tempo():
    """The same rhythm a little slower is the same evidence, but for those."""
    fast = onsets(*range(0, 480, 12))
    slow = replace(fast, qpm=94.0)
    (readings, before), (same, after) = list_readings(slow), list_readings(fast)
    assert readings == same
    assert (before != after).any(axis=0).sum() == 2 * len(READ_METERS)


def test_pitch_does_not_matter_but_its_movement_does():
    """Evidence is the same in any key."""
    heard = onsets(*range(0, 480, 12))
    higher = replace(heard, pitches=[[p + 5 for p in chord] for chord in heard.pitches])
    assert np.allclose(list_readings(heard)[1], list_readings(higher)[1])


def test_bass_notes_stand_on_strong_beats():
    """Bass and chord in turn: every bass note is on a beat that its bar line or middle marks."""
    track = follow_beat(group_chords(play(oom_pah(16), bpm=96)))
    halves = track.ticks[::2] % track.meter.bar_ticks
    assert set(halves) <= {0, 48}
    assert track.meter in (Meter(2, 4), Meter(4, 4))


@pytest.mark.parametrize("first", [0, 1, 2])
def test_what_is_struck_harder_marks_the_bar(first: int):
    """Notes that differ in nothing else: of three, the loud one begins the bar."""
    notes = [
        Note(0.5 * beat, 0.5 * beat + 0.3, 60, 92 if beat % 3 == first else 80)
        for beat in range(64)
    ]
    track = follow_beat(group_chords(notes))
    assert track.meter == Meter(3, 4)
    assert set(track.ticks[first::3] % track.meter.bar_ticks) == {0}


def test_quick_quarters_are_counted_in_halves():
    """Four quarters too quick to tap are 2/2, unless they swing; slower ones and three are not."""
    slow = follow_beat(group_chords(play(oom_pah(16), bpm=96)), Meter(4, 4))
    quick = replace(slow, quarter_s=0.33)
    waltz = replace(quick, meter=Meter(3, 4))
    assert slow.meter == Meter(4, 4)
    assert count_halves(quick) == replace(quick, meter=Meter(2, 2))
    for left in (slow, waltz, replace(quick, swung=True)):
        assert count_halves(left) is left


@pytest.mark.parametrize("told", [{"meter": Meter(4, 4)}, {"tempo_bpm": 192.0}])
def test_what_the_musician_counts_is_not_halved(told: dict[str, Meter | float]):
    """Quarters stay the beat where the metre or their tempo was given."""
    track = follow_beat(group_chords(play(oom_pah(16), bpm=192)), **told)
    assert track.meter.beat_ticks == 24


def test_a_slip_of_the_tempo_is_bridged():
    """A tune that slows down by half over four bars keeps its beats in their places."""
    played_s = np.cumsum([0.0, *(0.55 * (1 + 0.5 * max(0, beat - 24) / 8) for beat in range(31))])
    notes = [
        Note(played_s[int(start)], played_s[min(int(start + length), 31)] + 0.01, pitch, 80)
        for start, length, pitch in oom_pah(16)
    ]
    assert set(np.diff(follow_beat(group_chords(notes)).ticks)) == {24}


@settings(max_examples=25, deadline=None)
@given(note_lists(max_size=25), st.integers(-11, 11))
def test_transposing_the_input_transposes_the_score(notes: list[Note], semitones: int):
    """The same rhythm and bars, every pitch moved."""
    moved = [
        Note(note.onset_s, note.offset_s, note.pitch + semitones, note.velocity) for note in notes
    ]
    if not all(21 <= note.pitch <= 108 for note in moved):  # MusicXML has no octave -1
        return
    before, after = parse(write(notes).musicxml), parse(write(moved).musicxml)
    assert after.findtext(".//time/beats") == before.findtext(".//time/beats")
    assert [(n.start, n.pitch) for n in sounding_notes(after)] == [
        (n.start, n.pitch + semitones) for n in sounding_notes(before)
    ]


@pytest.mark.parametrize("tempo_bpm", [60.0, 90.0, 150.0])
def test_stretching_time_keeps_the_rhythm(tempo_bpm: float):
    """Played slower or faster, at a tempo that is told, the page is the same."""
    stretched = [
        Note(n.onset_s * 120 / tempo_bpm, n.offset_s * 120 / tempo_bpm, n.pitch, n.velocity)
        for n in minuet()
    ]
    told = {"time_signature": "3/4"}
    page = sounding_notes(parse(write(minuet(), tempo_bpm=120.0, **told).musicxml))
    slower = sounding_notes(parse(write(stretched, tempo_bpm=tempo_bpm, **told).musicxml))
    assert [(n.start, n.pitch) for n in slower] == [(n.start, n.pitch) for n in page]


@settings(max_examples=10, deadline=None)
@given(st.data(), note_lists(max_size=25))
def test_the_order_of_the_notes_does_not_matter(data: st.DataObject, notes: list[Note]):
    """Every file is the same, byte by byte."""
    assert write(data.draw(st.permutations(notes))) == write(notes)


@pytest.mark.parametrize(
    "notes",
    [
        [Note(0.0, 0.5, 60, 80)],
        [Note(5.0, 5.0, 60, 80)] * 2,
        [Note(float(index), float(index), 60 + index % 3, 80) for index in range(20)],
        [Note(index * 0.004, index * 0.004 + 0.001, 40 + index % 50, 80) for index in range(400)],
        [Note(index * 40.0, index * 40.0 + 1, 60, 80) for index in range(20)],
    ],
    ids=["one note", "no length", "a row without lengths", "250 a second", "one in 40 s"],
)
def test_what_no_musician_plays_is_written_all_the_same(notes: list[Note]):
    """Single notes, notes without length and absurd tempi give a score whose bars add up."""
    root = parse(write(notes).musicxml)
    assert_bars_complete(root)
    assert {n.pitch for n in sounding_notes(root)} == {n.pitch for n in notes}
