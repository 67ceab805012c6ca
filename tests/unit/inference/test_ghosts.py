"""Partials and undertones are left out; octaves that are played stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewire.inference.ghosts import Decoded, without_ghosts

ASKED = 0.7
SURE = Decoded(20, 100, 60, level=0.8, onset=0.95)


def beside(interval: int, level: float, onset: float, start: int = 20) -> list[int]:
    """Pitches that are left of a sure note and another."""
    other = Decoded(start, start + 60, SURE.pitch + interval, level, onset)
    notes = sorted((SURE, other), key=lambda note: -note.start)
    return sorted(note.pitch - SURE.pitch for note in without_ghosts(notes, ASKED))


@pytest.mark.parametrize(
    ("interval", "level", "onset", "start", "kept"),
    [
        (12, 0.3, 0.7, 20, [0]),  # its octave, faintly
        (19, 0.25, 0.7, 22, [0]),
        (12, 0.6, 0.9, 20, [0, 12]),  # an octave that is played
        (7, 0.3, 0.7, 20, [0, 7]),  # no partial
        (12, 0.3, 0.7, 60, [0, 12]),  # struck later
        (-12, 0.6, 0.7, 20, [0]),  # the octave below, doubtfully
        (-19, 0.6, 0.7, 20, [0]),
        (-12, 0.6, 0.95, 20, [-12, 0]),  # an octave that is played
        (-7, 0.6, 0.7, 20, [-7, 0]),  # no undertone
        (-12, 0.6, 0.7, 60, [-12, 0]),  # struck later
    ],
)
def test_what_comes_from_a_note_is_none(
    interval: int, level: float, onset: float, start: int, kept: list[int]
) -> None:
    """What begins doubtfully with a note, where its partials or undertones are, belongs to it."""
    assert beside(interval, level, onset, start) == kept


@given(
    st.sampled_from([12, 19, 24, -12, -19]),
    st.floats(0.01, 0.99),
    st.floats(0.01, 0.99),
    st.floats(0, 0.5),
)
def test_surer_notes_stay(interval: int, level: float, onset: float, more: float) -> None:
    """A note that is kept is kept with a surer beginning too."""
    kept = beside(interval, level, onset)
    assert set(kept) <= set(beside(interval, level, min(onset + more, 1.0)))


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(21, 108)), unique=True))
def test_sure_notes_are_no_ghosts(places: list[tuple[int, int]]) -> None:
    """Whatever is played together, what the model is sure of stays."""
    notes = [Decoded(start, start + 20, pitch, 0.9, 0.9) for start, pitch in sorted(places)[::-1]]
    assert without_ghosts(notes, ASKED) == notes
