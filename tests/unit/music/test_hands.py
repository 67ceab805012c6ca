"""Which hand plays what."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewire.music.grid import GridNote
from scorewire.music.hand_evidence import SPLITS, Strikes, list_evidence, list_moves
from scorewire.music.hand_weights import EVIDENCE, MOVES
from scorewire.music.hands import LEFT, RIGHT, split_hands, weigh_splits
from scorewire.music.meter import TICKS_PER_QUARTER

EIGHTH = TICKS_PER_QUARTER // 2

grid_notes = st.lists(
    st.builds(
        lambda step, eighths, pitch: GridNote(
            step * EIGHTH, (step + eighths) * EIGHTH, pitch, velocity=64
        ),
        st.integers(0, 16),
        st.integers(1, 8),
        st.integers(40, 88),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda note: (note.onset, note.pitch),
)


def play(*chords: Sequence[int], ticks: int = EIGHTH) -> list[GridNote]:
    """Chords, each struck when the one before ends."""
    return [
        GridNote(at * ticks, (at + 1) * ticks, pitch, velocity=64)
        for at, chord in enumerate(chords)
        for pitch in chord
    ]


def hands_of(notes: Sequence[GridNote]) -> dict[tuple[int, int], int]:
    """The hand of every note, by onset and pitch."""
    return {
        (note.onset, note.pitch): hand for note, hand in zip(notes, split_hands(notes), strict=True)
    }


def test_nothing_has_no_hands() -> None:
    """Without notes there is nothing to share out."""
    assert split_hands([]) == []


@pytest.mark.parametrize("lift", [0, 12])
def test_an_alberti_bass_is_one_hand(lift: int) -> None:
    """A broken chord stays in the left hand under a melody, however high both are."""
    bass = [48, 55, 52, 55] * 4
    melody = [72, 72, 74, 74, 76, 76, 79, 79, 77, 77, 76, 76, 74, 74, 72, 72]
    notes = play(*([low + lift, high + lift] for low, high in zip(bass, melody, strict=True)))
    hands = hands_of(notes)
    low, high = 48 + lift + 7, 72 + lift
    assert all(hand == LEFT for (_, pitch), hand in hands.items() if pitch <= low)
    assert all(hand == RIGHT for (_, pitch), hand in hands.items() if pitch >= high)


def test_a_waltz_s_chords_go_with_its_bass() -> None:
    """Under a melody that pauses, bass notes and the chords after them are the left hand's."""
    bar = [[36, 76], [52, 55, 60], [52, 55, 60]]
    notes = play(*bar, *bar, *bar, [36, 79], [52, 55, 60], [52, 55, 60], ticks=TICKS_PER_QUARTER)
    assert [hand == RIGHT for hand in split_hands(notes)] == [note.pitch > 70 for note in notes]


def test_a_chorale_has_two_voices_in_each_hand() -> None:
    """Four voices in the usual distance are shared two and two."""
    chords = [[48, 55, 64, 72], [53, 57, 65, 72], [55, 59, 62, 71], [48, 55, 64, 72]] * 3
    notes = play(*chords, ticks=TICKS_PER_QUARTER)
    assert split_hands(notes) == [LEFT, LEFT, RIGHT, RIGHT] * len(chords)


@given(notes=grid_notes)
def test_hands_do_not_cross(notes: list[GridNote]) -> None:
    """At one onset every note of the left hand is below every one of the right."""
    hands = hands_of(notes)
    for (onset, pitch), hand in hands.items():
        for (other_onset, other), other_hand in hands.items():
            if onset == other_onset and pitch < other:
                assert not (hand == RIGHT and other_hand == LEFT)


@given(notes=grid_notes, order=st.randoms(use_true_random=False))
def test_the_order_of_notes_does_not_matter(notes: list[GridNote], order: Random) -> None:
    """Notes in another order have the same hands."""
    mixed = list(notes)
    order.shuffle(mixed)
    assert hands_of(mixed) == hands_of(notes)


@given(notes=grid_notes, semitones=st.integers(-12, 12))
def test_transposition_keeps_the_hands(notes: list[GridNote], semitones: int) -> None:
    """The same piece in another key has the same hands."""
    moved = [
        GridNote(note.onset, note.end, note.pitch + semitones, note.velocity) for note in notes
    ]
    assert split_hands(moved) == split_hands(notes)


@pytest.mark.parametrize("pitch", [0, 21, 108, 127])
def test_one_note_of_any_pitch_has_a_hand(pitch: int) -> None:
    """The ends of the keyboard, and beyond, are played as well."""
    assert split_hands([GridNote(0, 24.0, pitch, velocity=64)])[0] in {LEFT, RIGHT}


def test_the_widest_range_is_shared() -> None:
    """Notes further apart than the splits reach still go to the outer hands."""
    hands = hands_of(play([0, 127], [0, 127], ticks=TICKS_PER_QUARTER))
    assert {hand for (_, pitch), hand in hands.items() if pitch == 0} == {LEFT}
    assert {hand for (_, pitch), hand in hands.items() if pitch == 127} == {RIGHT}


def test_every_piece_of_evidence_has_a_weight() -> None:
    """The weights are those of the evidence that is listed, in number and shape."""
    strikes = Strikes.of(play([48, 64, 67], [50, 65]))
    evidence = list(list_evidence(strikes))
    assert len(evidence) == len(EVIDENCE)
    assert {piece.shape for piece in evidence} == {(2, len(SPLITS))}
    assert len(list(list_moves())) == len(MOVES)


def test_splits_are_weighed_as_by_counting_all_ways() -> None:
    """The sums agree with an enumeration of every way of the split."""
    rng = np.random.default_rng(0)
    scores, moves = rng.normal(size=(1, 3, 2)), rng.normal(size=(2, 2))
    odds, moved = np.zeros((2, 2, 2)), np.zeros((2, 2))
    for way in np.ndindex(2, 2, 2):
        score = sum(scores[0, at, split] for at, split in enumerate(way))
        odds[way] = np.exp(score + moves[way[0], way[1]] + moves[way[1], way[2]])
    for way in np.ndindex(2, 2, 2):
        for before, after in pairwise(way):
            moved[before, after] += odds[way] / odds.sum()
    total, likely, passed = weigh_splits(scores, moves)
    assert total[0] == pytest.approx(np.log(odds.sum()))
    assert likely[0, 0] == pytest.approx(odds.sum(axis=(1, 2)) / odds.sum())
    assert likely[0, 2] == pytest.approx(odds.sum(axis=(0, 1)) / odds.sum())
    assert passed == pytest.approx(moved)
