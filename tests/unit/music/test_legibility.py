"""What is moved so that a player can read it, and what is left where it was."""

import numpy as np
import pytest
from performances import play, write
from score_reading import parse

from scorewire.music.beats import BeatTrack
from scorewire.music.legibility import move_flurries
from scorewire.music.meter import Meter

QUARTER_S = 0.5
COMMON_TIME = Meter(4, 4)


def track(ticks: list[int], meter: Meter = COMMON_TIME, quarter_s: float = QUARTER_S) -> BeatTrack:
    """Events that were played where they stand."""
    placed = np.array(ticks, dtype=np.int64)
    return BeatTrack(meter, placed, placed * quarter_s / 24, quarter_s, 0.0)


@pytest.mark.parametrize(
    ("ticks", "meter", "moved"),
    [
        ([0, 3, 12], Meter(4, 4), {0, 6}),  # a thirty-second, as near to either side
        ([0, 8, 16, 24], Meter(4, 4), {8, 16}),  # triplets
        ([0, 8, 24], Meter(6, 8), {6}),  # there are none in 6/8
        ([0, 6, 18, 24], Meter(4, 4), {6, 18}),
    ],
)
def test_only_flurries_move(ticks: list[int], meter: Meter, moved: set[int]):
    """Thirty-seconds go to a sixteenth beside them; all else stays."""
    result = move_flurries(track(ticks, meter)).ticks
    assert (result[0], result[-1]) == (ticks[0], ticks[-1])
    assert set(result[1:-1].tolist()) <= moved


def test_slow_thirty_seconds_are_meant():
    """At 48 quarters a minute they last an eighth of a second and are written."""
    slow = track([0, 3, 6, 9, 12, 24], quarter_s=1.25)
    assert move_flurries(slow).ticks.tolist() == slow.ticks.tolist()


def test_the_nearer_side_is_taken():
    """An onset goes where its time lies, not where the tracker put it."""
    events = track([0, 9, 24])
    events.times_s[1] = 7 / 24 * QUARTER_S
    assert move_flurries(events).ticks.tolist() == [0, 6, 24]
    events.times_s[1] = 11 / 24 * QUARTER_S
    assert move_flurries(events).ticks.tolist() == [0, 12, 24]


def test_a_score_has_no_rests_of_a_sixteenth_where_notes_end():
    """Notes that are let go a little early reach the next eighth; what follows is a plain rest."""
    notes = [(beat + 0.25, 0.6, 60 + beat % 3) for beat in range(0, 16, 2)]
    notes += [(float(beat), 0.25, 67) for beat in range(0, 16, 2)]
    notes += [(float(beat), 1.0, 43) for beat in range(16)]  # says where the beat is
    files = write(play(notes, bpm=100), time_signature="4/4", tempo_bpm=100)
    rests = [
        n.findtext("type") for n in parse(files.musicxml).iter("note") if n.find("rest") is not None
    ]
    assert rests
    assert "16th" not in rests
