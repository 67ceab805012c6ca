"""Tempo, metre and phase, found or followed as asked."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from performances import note_lists, play

from scorewire.music.accents import accent_scores, group_chords
from scorewire.music.barlines import follow_beat
from scorewire.music.beat_filter import Playing
from scorewire.music.beats import PLAYINGS, BeatTrack, track_beats
from scorewire.music.meter import Meter, MetricalClass
from scorewire.music.meter_model import MeterModel
from scorewire.music.notes import Note

METERS = [Meter.parse(m) for m in ("2/4", "3/4", "4/4", "2/2", "3/8", "6/8", "9/8", "12/8")]


def waltz(bars: int = 12) -> list[tuple[float, float, int]]:
    """Bass on the first beat, chords on the others, a tune in quarters above."""
    notes = []
    for bar in range(bars):
        notes.append((3.0 * bar, 3.0, 43 + 2 * (bar % 3)))
        for beat in (1, 2):
            notes += [(3.0 * bar + beat, 1.0, pitch) for pitch in (59, 62)]
        notes.append((3.0 * bar, 2.0, 74 + bar % 4))
        notes.append((3.0 * bar + 2, 1.0, 71 + bar % 3))
    return notes


def find(notes: list[Note], tempo_bpm: float | None = None) -> BeatTrack:
    """Follow the beat, whose level and metre are read from the whole."""
    return follow_beat(group_chords(notes), tempo_bpm=tempo_bpm)


@pytest.mark.parametrize("bpm", [76, 84, 96])
def test_a_waltz_is_found_with_its_bar_lines(bpm: int):
    """Metre, tempo and first beats come out at different speeds."""
    track = find(play(waltz(), bpm=bpm, start_s=2.0))
    assert track.meter == Meter(3, 4)
    assert 60 / track.quarter_s == pytest.approx(bpm, rel=0.02)
    assert list(track.ticks % 72) == [0, 24, 48] * 12


@pytest.mark.parametrize("bpm", [120, 160, 200])
def test_a_quick_waltz_is_found_when_its_tempo_is_known(bpm: int):
    """Quick quarters could as well be eighths; a tempo that is asked for settles it."""
    track = find(play(waltz(), bpm=bpm), tempo_bpm=bpm)
    assert track.meter == Meter(3, 4)
    assert list(track.ticks % 72) == [0, 24, 48] * 12


def test_a_changing_tempo_is_followed():
    """Beats that get a third slower and faster again stay in their places."""
    notes = waltz()
    beat_s = 0.65 * (1 + 0.3 * np.sin(np.arange(40) / 6))
    times_s = np.concatenate([[0.0], np.cumsum(beat_s)])
    played = [
        Note(times_s[int(start)], times_s[int(start + length)], pitch, 80)
        for start, length, pitch in notes
    ]
    assert set(np.diff(find(played).ticks)) == {24}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("freedom", "playing"), zip((0.0, 0.12), PLAYINGS, strict=True))
def test_steady_and_free_playing_are_told_apart(freedom: float, playing: Playing, seed: int):
    """A machine is followed as steady; a player who lingers on some beats, as free."""
    lengths = np.exp(np.random.default_rng(seed).normal(0, freedom, 36))
    starts = [0.0, *lengths.cumsum()]
    beats = [(starts[round(start)], length, pitch) for start, length, pitch in waltz()]
    track = track_beats(group_chords(play(beats, bpm=96)), Meter(3, 4))
    assert track.playing == playing
    assert np.bincount(np.diff(track.ticks)).max() >= 32  # of 35 quarters


def test_uneven_playing_is_straightened():
    """Onsets that stray by some ten milliseconds land on their beats."""
    rng = np.random.default_rng(4)
    strays = (float(rng.normal(0, 0.008)) for _ in range(1000))
    played = [
        Note(n.onset_s + 1 + e, n.offset_s + 1 + e, n.pitch, n.velocity)
        for n, e in zip(play(waltz(), bpm=90), strays, strict=False)
    ]
    assert sorted(set(find(played).ticks)) == list(range(0, 36 * 24, 24))


@settings(max_examples=40, deadline=None)
@given(note_lists(), st.sampled_from(METERS), st.one_of(st.none(), st.floats(20, 400)))
def test_every_event_has_a_place(notes: list[Note], meter: Meter, tempo_bpm: float | None):
    """Ticks never fall, and only events within a rolled chord share one."""
    events = group_chords(notes)
    track = track_beats(events, meter, tempo_bpm)
    assert track.meter == meter
    assert len(track.ticks) == len(events)
    gaps_s = np.diff([event.onset_s for event in events])
    assert (np.diff(track.ticks) >= (gaps_s >= 0.09)).all()


def test_the_asked_tempo_decides_the_note_values():
    """The same notes are quarters at 120, and eighths at 60."""
    notes = play([(beat, 1, 60 + beat % 4) for beat in range(24)])
    quick = track_beats(group_chords(notes), Meter(4, 4), 120)
    slow = track_beats(group_chords(notes), Meter(4, 4), 60)
    assert set(np.diff(quick.ticks)) == {24}
    assert set(np.diff(slow.ticks)) == {12}


def test_a_compound_tempo_counts_dotted_quarters():
    """In 6/8, 80 beats a minute are 240 eighths."""
    notes = play([(eighth, 1, 60 + eighth % 3) for eighth in range(24)], bpm=240)
    track = track_beats(group_chords(notes), Meter(6, 8), 80)
    assert set(np.diff(track.ticks)) == {12}


@pytest.mark.parametrize("meter", METERS, ids=lambda meter: meter.name)
def test_a_model_is_a_probability(meter: Meter):
    """From every place on the grid there is a way on, and none leads off the grid."""
    model = MeterModel(meter)
    on_grid = np.isfinite(model.first)
    assert on_grid[0]
    assert np.exp(model.first[on_grid]).sum() <= 1.0 + 1e-9
    places, steps = np.nonzero(np.isfinite(model.steps))
    assert set(places) == set(np.flatnonzero(on_grid))
    assert on_grid[(places + steps) % meter.bar_ticks].all()
    assert (steps > 0).all()


def test_places_in_the_bar_have_their_weight():
    """Downbeat, half bar, beat, and divisions, in simple and compound metres."""
    c = MetricalClass
    assert [Meter(4, 4).classify(t) for t in (0, 24, 48, 12, 6, 8, 3)] == [
        c.DOWNBEAT, c.BEAT, c.STRONG_BEAT, c.DIVISION, c.SUBDIVISION, c.TRIPLET, c.FINE,
    ]  # fmt: skip
    assert [Meter(6, 8).classify(t) for t in (0, 36, 12, 24, 6)] == [
        c.DOWNBEAT, c.STRONG_BEAT, c.DIVISION, c.DIVISION, c.SUBDIVISION,
    ]  # fmt: skip
    assert Meter(3, 4).classify(36) is c.DIVISION


def test_a_rolled_chord_is_one_event():
    """Notes within 35 ms belong together, lowest first; a later one stands alone."""
    notes = [
        Note(0.03, 1, 48, 80),
        Note(0.0, 1, 60, 80),
        Note(0.02, 1, 55, 80),
        Note(0.2, 1, 50, 9),
    ]
    events = group_chords(notes)
    assert [[note.pitch for note in event.notes] for event in events] == [[48, 55, 60], [50]]
    assert events[0].onset_s == pytest.approx(0.02)


def test_bass_notes_and_chords_sound_strong():
    """In a waltz the bass scores higher on the downbeat than the chords after it do."""
    scores = accent_scores(group_chords(play(waltz())))
    downbeat = scores[:, MetricalClass.DOWNBEAT] - scores[:, MetricalClass.BEAT]
    assert downbeat[3::3].min() > downbeat[4::3].max()
