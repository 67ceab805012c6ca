"""Lengths to note values, ties, triplets and beams."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewire.music.beats import BeatTrack
from scorewire.music.divisions import Divisions
from scorewire.music.grid import Grid, GridNote
from scorewire.music.lengths import write_lengths
from scorewire.music.meter import Meter
from scorewire.music.notes import Note, ScoreNote
from scorewire.music.rhythm import RhythmWriter, Symbol, mark_groups
from scorewire.music.voices import Chord, separate_voices

VALUES = {"whole": 96, "half": 48, "quarter": 24, "eighth": 12, "16th": 6, "32nd": 3}


def grid(ticks: tuple[int, ...] = (0, 24, 48, 72)) -> Grid:
    """A grid in 4/4 with events at these ticks, a quarter lasting a second."""
    places = np.array(ticks)
    times_s = places / 24
    return Grid(BeatTrack(Meter(4, 4), places, times_s, 1.0, 0.0), Divisions(), times_s)


def writer_in(meter: str, triplets: dict[int, int] | None = None) -> RhythmWriter:
    """A writer in a metre."""
    return RhythmWriter(Meter.parse(meter), Divisions(triplets or {}))


def chord(start: int, end: int, *pitches: int) -> Chord:
    """A chord on the first staff."""
    return Chord(start, end, [ScoreNote(start, end, p, 80, 1) for p in pitches or (60,)])


def values(start: int, end: int, meter: str = "4/4", *, rest: bool = False) -> list[str]:
    """The values that a span is written with; a dot for each dotted one."""
    written = writer_in(meter).write(start, end, None if rest else chord(start, end))
    return [symbol.type + "." * symbol.dots for symbol in written]


@pytest.mark.parametrize(
    ("start", "end", "meter", "expected"),
    [
        (0, 24, "4/4", ["quarter"]),
        (0, 96, "4/4", ["whole"]),
        (12, 36, "4/4", ["quarter"]),
        (24, 72, "4/4", ["half"]),
        (36, 60, "4/4", ["eighth", "eighth"]),
        (36, 96, "4/4", ["eighth", "half"]),
        (0, 36, "4/4", ["quarter."]),
        (0, 60, "4/4", ["half", "eighth"]),
        (24, 72, "3/4", ["half"]),
        (0, 72, "3/4", ["half."]),
        (0, 36, "6/8", ["quarter."]),
        (0, 72, "6/8", ["half."]),
        (24, 48, "6/8", ["eighth", "eighth"]),
        (0, 48, "6/8", ["quarter.", "eighth"]),
        (36, 108, "9/8", ["half."]),
    ],
)
def test_notes_show_the_beats(start: int, end: int, meter: str, expected: list[str]):
    """Values hide no stronger beat than the one they start on, but for plain syncopation."""
    assert values(start, end, meter) == expected


@pytest.mark.parametrize(
    ("start", "end", "meter", "expected"),
    [
        (24, 96, "4/4", ["quarter", "half"]),
        (12, 48, "4/4", ["eighth", "quarter"]),
        (24, 72, "3/4", ["quarter", "quarter"]),
        (36, 72, "6/8", ["quarter."]),
    ],
)
def test_rests_show_the_beats(start: int, end: int, meter: str, expected: list[str]):
    """Rests are stricter than notes."""
    assert values(start, end, meter, rest=True) == expected


@given(
    st.sampled_from(["2/4", "3/4", "4/4", "2/2", "3/8", "6/8", "9/8", "12/8"]),
    st.integers(0, 47),
    st.integers(1, 48),
    st.booleans(),
)
def test_any_span_adds_up(meter: str, start: int, length: int, rest: bool):
    """Written values fill a span exactly, each with the length its name says."""
    bar = Meter.parse(meter).bar_ticks
    start = start * 3 % bar
    end = min(start + length * 3, bar)
    symbols = writer_in(meter).write(start, end, None if rest else chord(start, end))
    assert symbols[0].onset == start
    assert symbols[-1].end == end
    assert all(a.end == b.onset for a, b in itertools.pairwise(symbols))
    assert all(s.ticks == VALUES[s.type] * (3 if s.dots else 2) // 2 for s in symbols)
    if not rest:
        assert [s.tied_on for s in symbols] == [True] * (len(symbols) - 1) + [False]


def test_a_triplet_beat_holds_triplets_only():
    """A beat of thirds is written in triplet values under one bracket, and ends on the beat."""
    writer = writer_in("4/4", {24: 24})
    spans = [(24, 32), (32, 40), (40, 60)]
    symbols = [s for start, end in spans for s in writer.write(start, end, chord(start, end))]
    assert [(s.type, s.triplet, s.ticks) for s in symbols] == [
        ("eighth", 24, 8), ("eighth", 24, 8), ("eighth", 24, 8), ("eighth", 0, 12),
    ]  # fmt: skip
    assert [s.tuplet for s in mark_groups(symbols, Meter(4, 4))] == ["start", None, "stop", None]


@pytest.mark.parametrize("meter", ["4/4", "3/8"])
def test_an_eighth_holds_three_sixteenths(meter: str):
    """The bracket is over that eighth alone, and all of the quarter is under its beams."""
    writer = writer_in(meter, {0: 12})
    spans = [(0, 4), (4, 12), (12, 18), (18, 24)]
    symbols = [s for start, end in spans for s in writer.write(start, end, chord(start, end))]
    assert [(s.type, s.triplet, s.ticks) for s in symbols] == [
        ("16th", 12, 4), ("eighth", 12, 8), ("16th", 0, 6), ("16th", 0, 6),
    ]  # fmt: skip
    marked = mark_groups(symbols, Meter.parse(meter))
    assert [s.tuplet for s in marked] == ["start", "stop", None, None]
    assert [s.beams[0] for s in marked] == ["begin", "continue", "continue", "end"]


def test_a_triplet_with_a_rest_has_its_own_beam():
    """What is not all under a beam shares none with its neighbours, or its bracket would."""
    writer = writer_in("4/4", {0: 12, 12: 12})
    symbols = writer.write(0, 4, None)
    spans = [(tick, tick + 4) for tick in range(4, 24, 4)]
    symbols += [s for start, end in spans for s in writer.write(start, end, chord(start, end))]
    beams = [symbol.beams[:1] for symbol in mark_groups(symbols, Meter(4, 4))]
    assert beams == [(), ("begin",), ("end",), ("begin",), ("continue",), ("end",)]


def test_what_spans_a_triplet_is_not_one():
    """A note over all of what others divide in three is plain; one that ends inside is tied."""
    writer = writer_in("4/4", {24: 12})
    assert [s.type for s in writer.write(24, 36, chord(24, 36))] == ["eighth"]
    tied = writer.write(0, 28, chord(0, 28))
    assert [(s.type, s.triplet, s.tied_on) for s in tied] == [
        ("quarter", 0, True),
        ("16th", 12, False),
    ]


def test_beams_stay_within_the_beat():
    """Sixteenths share both beams, an eighth one; the next beat starts anew."""
    writer = writer_in("4/4")
    spans = [(0, 6), (6, 12), (12, 24), (24, 36), (36, 48), (48, 66), (66, 72), (72, 96)]
    symbols: list[Symbol] = [s for a, b in spans for s in writer.write(a, b, chord(a, b))]
    beams = [symbol.beams for symbol in mark_groups(symbols, Meter(4, 4))]
    assert beams == [
        ("begin", "begin"), ("continue", "end"), ("end",), ("begin",), ("end",),
        ("begin",), ("end", "backward hook"), (),
    ]  # fmt: skip


def test_beams_join_the_eighths_of_a_half_where_halves_are_beats():
    """In 2/2 four eighths share a beam, which in 4/4 is two and two."""
    writer = writer_in("2/2")
    symbols = [s for a in range(0, 48, 12) for s in writer.write(a, a + 12, chord(a, a + 12))]
    halves, quarters = (mark_groups(symbols, meter) for meter in (Meter(2, 2), Meter(4, 4)))
    assert [s.beams[0] for s in halves] == ["begin", "continue", "continue", "end"]
    assert [s.beams[0] for s in quarters] == ["begin", "end", "begin", "end"]


def test_two_voices_hold_what_sounds_on():
    """A long note under moving ones goes to the lower voice, whatever came before."""
    held = [ScoreNote(0, 96, 48, 80, 1)]
    moving = [ScoreNote(t, t + 24, 72, 80, 1) for t in (0, 24, 48, 72)]
    upper, lower = separate_voices(sorted(held + moving, key=lambda n: (n.onset, n.pitch)))
    assert [c.onset for c in upper] == [0, 24, 48, 72]
    assert [(c.onset, c.end) for c in lower] == [(0, 96)]


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 40), st.integers(21, 108)), min_size=1)
)
def test_two_voices_keep_every_note(drawn: list[tuple[int, int, int]]):
    """However notes overlap, each is in one voice, and no voice overlaps itself."""
    unique = {(onset, pitch): length for onset, length, pitch in drawn}
    notes = [ScoreNote(o, o + length, p, 80, 1) for (o, p), length in sorted(unique.items())]
    voices = separate_voices(notes)
    assert sorted((n.onset, n.pitch) for v in voices for c in v for n in c.notes) == sorted(unique)
    for voice in voices:
        assert all(c.end > c.onset for c in voice)
        assert all(a.end <= b.onset for a, b in itertools.pairwise(voice))


def test_lengths_reach_the_next_onset():
    """Detached and slightly overlapping notes are written until the next; long gaps stay rests."""
    track = grid(ticks=(0, 24, 48, 96))
    heard = [GridNote(0, 14.0, 60, 80), GridNote(24, 52.0, 62, 80), GridNote(48, 60.0, 64, 80)]
    heard.append(GridNote(96, 200.0, 65, 80))
    written = write_lengths(heard, 1, track)
    assert [(note.onset, note.end) for note in written] == [(0, 24), (24, 48), (48, 60), (96, 192)]


def test_what_clearly_sounds_on_is_held():
    """A bass under strokes far above it lasts until its voice goes on."""
    bass = [GridNote(start, start + 90.0, 40 + start // 96, 80) for start in (0, 96, 192)]
    chords = [GridNote(t, t + 20.0, 60, 80) for t in (24, 48, 72, 120, 144, 168)]
    heard = sorted([*bass, *chords], key=lambda note: note.onset)
    written = write_lengths(heard, 2, grid(ticks=tuple(note.onset for note in heard)))
    assert [note.end - note.onset for note in written if note.pitch <= 41] == [96, 96]
    assert {note.end - note.onset for note in written if note.pitch == 60} == {24}


def test_a_pitch_struck_again_ends_the_note_before():
    """One string cannot sound twice."""
    placed = grid().place(
        [Note(0.0, 3.0, 60, 70), Note(1.0, 2.0, 60, 80), Note(1.001, 2.5, 60, 60)]
    )
    assert [(n.onset, round(n.end), n.velocity) for n in placed] == [(0, 24, 70), (24, 60, 80)]
