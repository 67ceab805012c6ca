"""Where onsets are put, and what they are then written with."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from performances import play, write
from score_reading import assert_bars_complete, parse, sounding_notes

from scorewire.music.beats import BeatTrack
from scorewire.music.divisions import Divisions
from scorewire.music.grid import GridNote
from scorewire.music.meter import Meter
from scorewire.music.quantize import quantize

QUARTER_S = 0.6
STEADY = tuple(range(0, 384, 12))


def placed(
    tracked: Sequence[int],
    played: Sequence[float] | None = None,
    meter: str = "4/4",
    quarter_s: float = QUARTER_S,
) -> tuple[list[int], Divisions]:
    """Where one staff's notes are put that were tracked at some ticks, and played at others."""
    ticks = np.array(tracked, dtype=np.int64)
    times_s = np.array(tracked if played is None else played) / 24 * quarter_s
    ends = [*ticks[1:].tolist(), int(ticks[-1]) + 12]
    notes = [GridNote(a, max(b, a + 1.0), 60, 80) for a, b in zip(tracked, ends, strict=True)]
    track = BeatTrack(Meter.parse(meter), ticks, times_s, quarter_s, 0.0)
    result, divisions = quantize(track, [notes])
    return result.ticks.tolist(), divisions


@pytest.mark.parametrize("meter", ["4/4", "3/4", "6/8", "2/2"])
def test_what_is_played_where_it_stands_stays(meter: str) -> None:
    """Eighths and sixteenths in time are where the tracker had them, whatever the metre."""
    rhythm = [tick for beat in range(0, 288, 24) for tick in (beat, beat + 12, beat + 18)]
    assert placed(rhythm, meter=meter) == (rhythm, Divisions())


@pytest.mark.parametrize(("early_ms", "places"), [(30, [96, 264]), (75, [93, 261])])
def test_a_spread_chord_comes_together(early_ms: float, places: list[int]) -> None:
    """What was tracked a thirty-second early is the beat's if it hardly came earlier."""
    tracked = sorted([*STEADY, 93, 261])
    early = early_ms / 1000 / QUARTER_S * 24
    played = [tick if tick in STEADY else tick + 3 - early for tick in tracked]
    freely = np.random.default_rng(1).normal(0, 0.3, len(tracked))
    ticks, _ = placed(tracked, np.maximum.accumulate(played + freely).tolist())
    assert [ticks[tracked.index(tick)] for tick in (93, 261)] == places


def test_thirty_seconds_in_time_are_written() -> None:
    """A run of them that is played evenly is no slip of the tracker."""
    run = [*STEADY[:8], *range(96, 144, 3), *STEADY[12:]]
    assert placed(run)[0] == run


def test_what_nobody_could_play_is_not_written() -> None:
    """Of onsets that are tracked a thirty-second apart, at a tempo where that is 50 ms, none is."""
    tracked = sorted([*STEADY, *range(87, 360, 48)])
    ticks, _ = placed(tracked, quarter_s=0.4)
    assert {b - a for a, b in pairwise(sorted(set(ticks)))} <= {6, 12}


def test_triplets_of_eighths_take_a_quarter() -> None:
    """Three in a quarter make it a triplet; its neighbours stay as they are."""
    rhythm = sorted({*STEADY, *(beat + third for beat in (96, 192) for third in (8, 16))})
    rhythm = [tick for tick in rhythm if tick not in (108, 204)]
    assert placed(rhythm) == (rhythm, Divisions({96: 24, 192: 24}))


@pytest.mark.parametrize("meter", ["4/4", "3/8"])
def test_triplets_of_sixteenths_take_an_eighth(meter: str) -> None:
    """Sixteenths may stand beside them in the same quarter, also where eighths are the beat."""
    ornament = [96, 100, 104, 108, 114]
    rhythm = sorted({*STEADY, *ornament})
    ticks, divisions = placed(rhythm, meter=meter)
    assert ticks == rhythm
    assert divisions == Divisions({96: 12})


def test_an_onset_goes_where_its_time_lies() -> None:
    """An eighth that was tracked a sixteenth's half late is put back."""
    tracked = [tick + 3 * (tick == 108) for tick in STEADY]
    assert placed(tracked, STEADY)[0] == list(STEADY)


@pytest.mark.parametrize(("meter", "bar"), [("4/4", 96), ("3/8", 36), ("9/8", 108)])
def test_a_late_start_is_in_the_first_bar(meter: str, bar: int) -> None:
    """Bars before the first note are cut away; places are counted from its bar line."""
    rhythm = sorted({*STEADY, 100, 104})
    there = placed([tick + 3 * bar for tick in rhythm], meter=meter)
    assert there == (rhythm, Divisions({96: 12}))


@given(
    st.lists(st.sampled_from([0, 3, 4, 6, 8, 12, 18, 24, 96, 400]), min_size=1, max_size=30),
    st.sampled_from(["4/4", "3/4", "6/8", "3/8"]),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_places_can_be_written_and_keep_their_order(
    steps: list[int], meter: str, seed: int
) -> None:
    """However it was played, each onset has a place of its quarter's division, near the old one."""
    tracked = np.cumsum(steps)
    tracked = [int(tick) for tick in tracked if tick % 3 == 0 or tick % 4 == 0]
    if not tracked:
        return
    late = np.random.default_rng(seed).normal(0, 2, len(tracked))
    ticks, divisions = placed(tracked, np.maximum.accumulate(tracked + late).tolist(), meter)
    assert ticks == sorted(ticks)
    assert 0 <= ticks[0] < Meter.parse(meter).bar_ticks
    assert all(divisions.nearest(tick) == tick for tick in ticks)
    moved = {new - old for new, old in zip(ticks, tracked, strict=True)}
    assert max(moved) - min(moved) <= 10


def test_a_triplet_of_sixteenths_is_engraved_as_one() -> None:
    """From sound to page: one bracket over an eighth, beside two sixteenths."""
    notes = [(beat, 1.0, 48) for beat in range(16)] + [(beat / 2, 0.5, 72) for beat in range(32)]
    notes += [(beat + third / 6, 1 / 6, 74) for beat in (4, 8, 12) for third in (1, 2)]
    notes += [(beat + 0.75, 0.25, 76) for beat in (4, 8, 12)]
    root = parse(write(play(notes, bpm=72), time_signature="4/4", tempo_bpm=72).musicxml)
    assert_bars_complete(root)
    marked = [note for note in root.iter("note") if note.find("time-modification") is not None]
    assert [note.findtext("type") for note in marked] == ["16th"] * 9
    assert {note.start % 96 for note in sounding_notes(root) if note.pitch == 74} == {4, 8}


def test_a_score_has_no_rests_of_a_sixteenth_where_notes_end() -> None:
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
