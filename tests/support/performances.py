"""Performances to write down: lists of notes made of beats."""

from collections.abc import Iterable, Mapping, Sequence

from hypothesis import strategies as st

from scorewire.jobs.options import NotationOptions, Stem
from scorewire.music.notes import Note
from scorewire.music.score import ScoreFiles, write_score


def play(
    beats: Iterable[tuple[float, float, int]], *, bpm: float = 120.0, start_s: float = 0.0
) -> list[Note]:
    """Notes from (start, length, pitch) in beats, strictly in time."""
    beat_s = 60.0 / bpm
    return [
        Note(start_s + start * beat_s, start_s + (start + length) * beat_s, pitch, 80)
        for start, length, pitch in beats
    ]


def minuet() -> list[Note]:
    """Four bars of 3/4 in G major for two hands, at 120 quarters a minute."""
    melody = [74, 67, 69, 71, 72, 74, 67, 67, 76, 72, 74, 76, 78, 79, 67, 67]
    lengths = [1, 0.5, 0.5, 0.5, 0.5, 1, 1, 1] * 2
    notes, start = [], 0.0
    for pitch, length in zip(melody, lengths, strict=True):
        notes.append((start, length, pitch))
        start += length
    bass = [(0, 2, 55), (2, 1, 57), (3, 3, 59), (6, 3, 60), (9, 3, 59)]
    chords = [(0, 2, 59), (0, 2, 62)]
    return play(notes + bass + chords)


def write(parts: Mapping[Stem, Sequence[Note]] | Sequence[Note], **asked: object) -> ScoreFiles:
    """Write a score without listening to its progress."""
    if not isinstance(parts, Mapping):
        parts = {Stem.MIX: parts}
    title = str(asked.pop("title", "A piece"))
    instruments = tuple(asked.pop("instruments", ()))
    return write_score(
        parts,
        title=title,
        notation=NotationOptions(**asked),
        instruments=instruments,
        report=unheard,
    )


def unheard(fraction: float, message: str) -> None:
    """Take a report of progress, and do nothing with it."""
    del fraction, message


@st.composite
def note_lists(draw: st.DrawFn, max_size: int = 40) -> list[Note]:
    """Any notes of a piano: at 0 s, in clusters, overlapping, far apart."""
    start_s = draw(st.sampled_from([0.0, 1.5, 900.0]))
    gaps = st.one_of(st.floats(0, 0.1), st.floats(0.1, 1.0), st.just(0.0), st.just(8.0))
    notes, onset_s = [], start_s
    for _ in range(draw(st.integers(1, max_size))):
        onset_s += draw(gaps)
        length_s = draw(st.floats(0.02, 6.0))
        pitch, velocity = draw(st.integers(21, 108)), draw(st.integers(1, 127))
        notes.append(Note(onset_s, onset_s + length_s, pitch, velocity))
    return notes
