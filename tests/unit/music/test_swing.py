"""Swung eighths: told from jigs, dotted rhythms and even eighths."""

from itertools import accumulate

import numpy as np
import pytest
from performances import play

from scorewire.music.accents import group_chords
from scorewire.music.barlines import follow_beat
from scorewire.music.meter import Meter
from scorewire.music.meter_model import MeterModel
from scorewire.music.notes import Note
from scorewire.music.swing_timing import sounding_tick

ROOTS = (0, 0, 0, 0, 5, 5, 0, 0, 7, 5, 0, 7)
"""Twelve bars of blues, over the tonic."""

RIFF = (
    (0.0, 0.5, 67),
    (0.5, 0.5, 70),
    (1.0, 0.5, 72),
    (1.5, 1.0, 70),
    (2.5, 0.5, 67),
    (3.5, 1.5, 65),
)
"""Two of its notes come before the beat that they belong to."""


def blues(off_beat: float) -> list[tuple[float, float, int]]:
    """Twelve bars of 4/4: a riff over a walking bass, its off-beats at this part of the beat."""
    notes = []
    for bar, root in enumerate(ROOTS):
        walk = (root, root + 4, root + 7, root + 9)
        notes += [(4.0 * bar + beat, 0.9, 36 + pitch) for beat, pitch in enumerate(walk)]
        for start, length, pitch in RIFF:
            late = start % 1 and off_beat - start % 1
            notes.append((4.0 * bar + start + late, length - late, pitch + root % 5))
    return notes


def jig() -> list[tuple[float, float, int]]:
    """Sixteen bars of 6/8, in dotted quarters: long and short, with a run in each fourth beat."""
    lengths = [(2, 1, 2, 1), (2, 1, 1, 1, 1)] * 8
    starts = [0, *accumulate(length for bar in lengths for length in bar)]
    steps = [length for bar in lengths for length in bar]
    return [
        (start / 3, length / 3, 67 + (0, 2, 4, 5, 7, 5, 4, 2, -1)[index % 9])
        for index, (start, length) in enumerate(zip(starts, steps, strict=False))
    ]


@pytest.mark.parametrize("off_beat", [0.6, 2 / 3])
@pytest.mark.parametrize("bpm", [110, 150, 190])
def test_swung_eighths_are_even_on_paper(off_beat: float, bpm: float):
    """A blues is in 4/4, its off-beats half way between the beats."""
    notes = blues(off_beat)
    track = follow_beat(group_chords(play(notes, bpm=bpm)))
    starts = sorted({start for start, _, _ in notes})
    assert track.swung
    assert track.meter == Meter(4, 4)
    assert track.quarter_s == pytest.approx(60 / bpm, rel=0.03)
    assert track.ticks.tolist() == [
        int(24 * (start // 1) + 12 * (start % 1 > 0)) for start in starts
    ]


@pytest.mark.parametrize("off_beat", [0.5, 0.75])
def test_even_and_dotted_eighths_do_not_swing(off_beat: float):
    """The same blues in even eighths, or with dotted ones."""
    assert not follow_beat(group_chords(play(blues(off_beat), bpm=120))).swung


def test_a_jig_does_not_swing():
    """A run in every fourth beat says that beats have thirds."""
    track = follow_beat(group_chords(play(jig(), bpm=110)))
    assert not track.swung
    assert track.meter.is_compound


def test_the_musician_is_believed():
    """Who says that nothing swings gets no swing; who says so gets it in even eighths as well."""
    swung = group_chords(play(blues(2 / 3), bpm=150))
    assert not follow_beat(swung, swung=False).swung
    assert follow_beat(swung, Meter(4, 4), swung=True).swung
    assert follow_beat(group_chords(play(blues(0.5), bpm=150)), swung=True).swung


def test_nothing_swings_in_metres_of_eighths():
    """A metre that was given settles it."""
    swung = group_chords(play(blues(2 / 3), bpm=110))
    track = follow_beat(swung, Meter(12, 8))
    assert not track.swung
    assert set(track.ticks % 36) <= {0, 24}


def test_a_few_notes_do_not_swing():
    """What is too short to be read is not said to swing."""
    assert not follow_beat(group_chords(play(blues(2 / 3)[:9], bpm=150))).swung


def test_triplets_stay_where_they_are():
    """Off-beats come late, triplets do not; straight places do not move."""
    ticks = np.arange(48)
    late = MeterModel(Meter(4, 4), swung=True).sounding(ticks)
    assert late[[0, 8, 12, 16, 24, 36]].tolist() == [0, 8, 16, 16, 24, 40]
    assert MeterModel(Meter(4, 4)).sounding(ticks).tolist() == ticks.tolist()


def test_what_is_followed_is_what_is_played():
    """Binary places are expected where the page's player has them."""
    ticks = np.arange(0, 96, 3)
    expected = MeterModel(Meter(4, 4), swung=True).sounding(ticks)
    assert expected.tolist() == [sounding_tick(tick) for tick in ticks.tolist()]


def test_what_is_later_on_paper_sounds_later():
    """No step goes from a late off-beat to the triplet that sounds with it or before."""
    model = MeterModel(Meter(4, 4), swung=True)
    places, gone = np.nonzero(np.isfinite(model.steps))
    assert (model.sounding(places + gone) > model.sounding(places)).all()
    assert not np.isfinite(model.steps[12, 4])


def test_a_performance_may_be_free():
    """Off-beats that are not all equally late swing, too."""
    rng = np.random.default_rng(7)
    notes = [
        Note(note.onset_s + moved, note.offset_s + moved, note.pitch, note.velocity)
        for note, moved in zip(
            play(blues(0.64), bpm=140), rng.normal(0, 0.01, len(blues(0.64))), strict=True
        )
    ]
    assert follow_beat(group_chords(sorted(notes))).swung
