"""Notes from posteriors that are drawn by hand, so that every note and its end is known."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewire.inference.decoding import LOWEST_PITCH, Matrix, decode_notes, sounding_frames
from scorewire.inference.profiles import ANY, Profile

LINE = Profile(one_line=True)
MIDDLE_C = 60 - LOWEST_PITCH


def silence(frames: int = 200) -> tuple[Matrix, Matrix]:
    """Probabilities of a recording in which nothing sounds."""
    return np.full((frames, 88), 0.01, np.float32), np.full((frames, 88), 0.01, np.float32)


def test_a_note_ends_where_it_falls() -> None:
    """A tail far above the frame threshold, but far under the note, is its release."""
    frames, onsets = silence()
    onsets[20, MIDDLE_C] = 0.9
    frames[20:60, MIDDLE_C] = 0.8
    frames[60:120, MIDDLE_C] = 0.35
    [note] = decode_notes(frames, onsets, ANY)
    assert (note.start, note.pitch) == (20, 60)
    assert note.end == pytest.approx(60, abs=3)


def test_a_quiet_note_is_measured_against_itself() -> None:
    """Half as loud, the same shape ends at the same place."""
    shape = np.concatenate([np.full(40, 0.8), np.full(60, 0.3)]).astype(np.float32)
    assert sounding_frames(shape) == sounding_frames(shape / 2)


def test_a_short_dip_is_no_end() -> None:
    """A note that falters for a few frames and goes on is one note of full length."""
    frames, onsets = silence()
    onsets[20, MIDDLE_C] = 0.9
    frames[20:100, MIDDLE_C] = 0.8
    frames[50:55, MIDDLE_C] = 0.1
    [note] = decode_notes(frames, onsets, ANY)
    assert note.end == pytest.approx(100, abs=3)


def test_a_stroke_that_does_not_sound_needs_more_certainty() -> None:
    """Of two equal onsets near the threshold only the one that sounds on is a note."""
    frames, onsets = silence()
    onsets[100, MIDDLE_C] = 0.99
    onsets[20, [MIDDLE_C, MIDDLE_C + 7]] = 0.72
    frames[20:60, MIDDLE_C] = frames[100:140, MIDDLE_C] = 0.8
    frames[20:60, MIDDLE_C + 7] = 0.21
    assert [note.pitch for note in decode_notes(frames, onsets, ANY)] == [60, 60]


@pytest.mark.parametrize(("surest", "heard"), [(0.95, 1), (0.66, 4)])
def test_beginnings_are_measured_against_the_surest(surest: float, heard: int) -> None:
    """An onset of 0.62 is a note among equals, and none beside beginnings that are sure."""
    frames, onsets = silence()
    onsets[20, MIDDLE_C : MIDDLE_C + 10 : 3] = [surest, 0.62, 0.62, 0.62]
    frames[20:60, MIDDLE_C : MIDDLE_C + 10 : 3] = 0.8
    assert len(decode_notes(frames, onsets, ANY)) == heard


def test_doubtful_noise_is_no_music() -> None:
    """Where even the surest beginnings are doubtful, nothing is made of them."""
    frames, onsets = silence()
    onsets[20, MIDDLE_C : MIDDLE_C + 13 : 4] = 0.5
    frames[20:60, MIDDLE_C : MIDDLE_C + 13 : 4] = 0.3
    assert decode_notes(frames, onsets, ANY) == []


def test_a_repeated_note_is_two() -> None:
    """A second stroke ends the first note, though the pitch never falls silent."""
    frames, onsets = silence()
    onsets[[20, 60], MIDDLE_C] = 0.9
    frames[20:100, MIDDLE_C] = 0.8
    later, earlier = decode_notes(frames, onsets, ANY)
    assert later.start == 60
    assert earlier.start == 20
    assert earlier.end <= 60


@pytest.mark.parametrize(
    ("surest", "apart", "heard"),
    [
        (0.75, 6, [20]),
        (0.75, 9, [20, 29]),
        (0.8, 6, [26]),  # a piano's: too soon after for the first to be a note
        (0.95, 6, [26]),
    ],
)
def test_a_soft_beginning_with_two_peaks_is_one(
    surest: float, apart: int, heard: list[int]
) -> None:
    """Where beginnings are doubtful, a second peak within the shortest note is no new one."""
    frames, onsets = silence()
    onsets[20, MIDDLE_C], onsets[20 + apart, MIDDLE_C] = surest, surest
    frames[20:80, MIDDLE_C] = 0.8
    notes = decode_notes(frames, onsets, ANY)
    assert sorted(note.start for note in notes) == heard
    assert notes[0].end == pytest.approx(80, abs=3)


def test_notes_outside_the_instrument_are_not_heard() -> None:
    """Its lowest and highest note are, at their pitches; a semitone farther none is."""
    frames, onsets = silence()
    bins = np.array([40, 41, 60, 61]) - LOWEST_PITCH
    for start, bin_ in zip((20, 70, 120, 170), bins, strict=True):
        onsets[start, bin_] = 0.9
        frames[start : start + 25, bin_] = 0.8
    heard = decode_notes(frames, onsets, Profile(lowest_pitch=41, highest_pitch=60))
    assert [(note.start, note.pitch) for note in heard] == [(120, 60), (70, 41)]


def test_sureness_of_others_asks_nothing_of_an_instrument() -> None:
    """What is beyond its notes does not raise what is asked of them."""
    frames, onsets = silence()
    onsets[20, MIDDLE_C], onsets[20, MIDDLE_C + 10 : MIDDLE_C + 30 : 3] = 0.62, 0.95
    frames[20:60, MIDDLE_C] = frames[20:60, MIDDLE_C + 10 : MIDDLE_C + 30 : 3] = 0.8
    assert 60 not in {note.pitch for note in decode_notes(frames, onsets, ANY)}
    [note] = decode_notes(frames, onsets, Profile(highest_pitch=60))
    assert note.pitch == 60


@pytest.mark.parametrize(
    ("second_start", "second_onset", "line"),
    [
        (60, 0.95, [(20, 60, 60), (60, 100, 66)]),  # a surer one ends the first
        (60, 0.80, [(20, 100, 60)]),  # a less sure one is none while the first sounds
        (24, 0.95, [(24, 100, 66)]),  # of two together the surer is left
        (24, 0.80, [(20, 100, 60)]),
        (110, 0.80, [(20, 100, 60), (110, 150, 66)]),  # one after the other both are
    ],
)
def test_a_line_has_the_surer_of_two_notes(
    second_start: int, second_onset: float, line: list[tuple[int, int, int]]
) -> None:
    """Of notes that would sound at once in an instrument of one line; a chord keeps both."""
    frames, onsets = silence()
    second_end = max(100, second_start + 40)
    onsets[20, MIDDLE_C], onsets[second_start, MIDDLE_C + 6] = 0.9, second_onset
    frames[20:100, MIDDLE_C] = frames[second_start:second_end, MIDDLE_C + 6] = 0.8
    assert len(decode_notes(frames, onsets, ANY)) == 2
    found = sorted(
        (note.start, note.end, note.pitch) for note in decode_notes(frames, onsets, LINE)
    )
    assert [(start, pitch) for start, _, pitch in found] == [(s, pitch) for s, _, pitch in line]
    assert [end for _, end, _ in found] == pytest.approx([end for _, end, _ in line], abs=3)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(21, 108),
    st.integers(0, 87),
    st.floats(0.05, 0.95),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_any_posteriors_give_what_the_instrument_can_play(
    seed: int, lowest: int, more: int, threshold: float, one_line: bool
) -> None:
    """Notes are its own, latest first, and those of a line never sound at once."""
    random = np.random.default_rng(seed)
    frames = random.beta(0.5, 0.7, (60, 88)).astype(np.float32)
    onsets = random.beta(0.3, 1.0, (60, 88)).astype(np.float32)
    highest = min(lowest + more, 108)
    profile = Profile(lowest, highest, one_line, onset_threshold=threshold)
    notes = decode_notes(frames, onsets, profile)
    assert all(lowest <= note.pitch <= highest for note in notes)
    assert all(0 < note.start < note.end < 60 for note in notes)
    for later, earlier in pairwise(notes):
        assert earlier.start <= later.start
        assert not one_line or earlier.end <= later.start


@given(
    st.integers(0, 2**32 - 1),
    st.floats(0.05, 0.95),
    st.floats(0.05, 0.95),
    st.integers(10, 300),
)
@settings(max_examples=20, deadline=None)
def test_any_posteriors_give_notes_in_range(
    seed: int, onset_threshold: float, frame_threshold: float, minimum_note_ms: int
) -> None:
    """Whatever the model says, notes are inside the recording, on the piano, and none overlap."""
    random = np.random.default_rng(seed)
    frames = random.beta(0.5, 0.7, (60, 88)).astype(np.float32)
    onsets = random.beta(0.3, 1.0, (60, 88)).astype(np.float32)
    profile = Profile(
        onset_threshold=onset_threshold,
        frame_threshold=frame_threshold,
        minimum_note_ms=minimum_note_ms,
    )
    notes = decode_notes(frames, onsets, profile)
    assert all(0 < note.start < note.end < 60 for note in notes)
    assert all(21 <= note.pitch <= 108 and 0 <= note.level <= 1 for note in notes)
    for pitch in {note.pitch for note in notes}:
        same = sorted((note.start, note.end) for note in notes if note.pitch == pitch)
        assert all(end <= start for (_, end), (start, _) in pairwise(same))


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.9), st.floats(0.0, 0.09))
@settings(max_examples=20, deadline=None)
def test_a_higher_threshold_finds_no_new_beginnings(
    seed: int, threshold: float, more: float
) -> None:
    """Every stroke that a stricter listener hears, a laxer one hears as well."""
    random = np.random.default_rng(seed)
    frames = np.tile(random.uniform(0.3, 1, 88).astype(np.float32), (60, 1))
    onsets = random.beta(0.3, 1.0, (60, 88)).astype(np.float32)
    onsets[:, 1::2] = 0  # no two are neighbours, which would take each other's probability
    onsets[:, 12:] = 0  # none is another's partial, which only a laxer listener might hear
    lax = Profile(onset_threshold=threshold, minimum_note_ms=10)
    strict = Profile(onset_threshold=threshold + more, minimum_note_ms=10)
    heard = {(note.start, note.pitch) for note in decode_notes(frames, onsets, lax)}
    found = {(note.start, note.pitch) for note in decode_notes(frames, onsets, strict)}
    assert found <= heard


@given(st.lists(st.floats(0.0, 1.0, width=32), min_size=1, max_size=200))
def test_what_sounds_is_part_of_what_is_heard(heard: list[float]) -> None:
    """A note's sounding part has at least one frame and at most all."""
    assert 1 <= sounding_frames(np.array(heard, np.float32)) <= len(heard)
