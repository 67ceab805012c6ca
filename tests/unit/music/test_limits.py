"""The ends of what may come in: nothing, one note, ten thousand, no length, no sensible tempo."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from performances import write
from score_reading import assert_bars_complete, parse, sounding_notes

from scorewire.errors import NoNotesError
from scorewire.jobs.options import Stem
from scorewire.music.notes import Note

MANY = 10_000


def many_notes(count: int) -> list[Note]:
    """Half an hour of eighths and quarters of random pitch, a third of them in chords."""
    random = np.random.default_rng(0)
    onsets_s = np.cumsum(random.choice([0, 0.125, 0.25, 0.5], count, p=[0.3, 0.2, 0.4, 0.1]))
    lengths_s = random.uniform(0.1, 0.8, count)
    pitches = random.integers(36, 96, count)
    return [
        Note(float(onset), float(onset + length), int(pitch), 80)
        for onset, length, pitch in zip(onsets_s, lengths_s, pitches, strict=True)
    ]


@pytest.mark.parametrize("parts", [{}, {Stem.MIX: []}, {Stem.BASS: [Note(0, 1, 11, 80)]}])
def test_silence_is_a_typed_error(parts: dict[Stem, list[Note]]):
    """There is no score of nothing, nor of what is too low to have a pitch."""
    with pytest.raises(NoNotesError):
        write(parts)


@pytest.mark.parametrize("pitch", [12, 21, 60, 108, 127])
@pytest.mark.parametrize("onset_s", [0.0, 3_599.0])
def test_one_note_is_one_bar(pitch: int, onset_s: float):
    """A single note, wherever it lies, is written once in a bar that is complete."""
    root = parse(write([Note(onset_s, onset_s + 0.5, pitch, 1)]).musicxml)
    assert_bars_complete(root)
    assert [note.pitch for note in sounding_notes(root)] == [pitch]
    assert len(root.findall("part/measure")) == 1


def test_ten_thousand_notes_are_written():
    """Half an hour of music is written whole."""
    root = parse(write(many_notes(MANY)).musicxml)
    assert_bars_complete(root)
    assert len(sounding_notes(root)) > 0.98 * MANY  # but for unisons, which are one


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 20), st.integers(21, 108)), min_size=1, max_size=30))
def test_notes_of_no_length_are_written(struck: list[tuple[float, int]]):
    """A note that ends as it begins still has a value, and its bar is complete."""
    root = parse(write([Note(onset_s, onset_s, pitch, 80) for onset_s, pitch in struck]).musicxml)
    assert_bars_complete(root)
    written = sounding_notes(root)
    assert {note.pitch for note in written} == {pitch for _, pitch in struck}
    assert all(note.end > note.start for note in written)


@pytest.mark.parametrize("gap_s", [0.001, 0.01, 0.04, 7.0, 60.0, 600.0])
@pytest.mark.parametrize("count", [2, 7, 24])
@pytest.mark.parametrize("tempo_bpm", [None, 20.0, 400.0])
def test_absurd_tempi_give_a_score(gap_s: float, count: int, tempo_bpm: float | None):
    """Notes a millisecond or ten minutes apart are all written, in bars that are complete."""
    notes = [Note(gap_s * i, gap_s * (i + 1), 60 + i % 12, 80) for i in range(count)]
    root = parse(write(notes, tempo_bpm=tempo_bpm).musicxml)
    assert_bars_complete(root)
    assert {note.pitch for note in sounding_notes(root)} == {note.pitch for note in notes}
