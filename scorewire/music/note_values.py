"""What it costs to write a note for a length: a reader, and against what was heard.

Values are chosen by what they ask of a reader (ties, dots, rests, a voice of their own), by where
the note's voice seems to go on, and by how far they are from what was heard. Costs are negative
log-odds among the ends that a note may have (a conditional logit model: D. McFadden, "Conditional
logit analysis of qualitative choice behavior", 1974), learned from recordings of known scores:
`python evals/learn_values.py`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scorewire.music.divisions import EIGHTH_TICKS, Divisions, Span
from scorewire.music.meter import Meter
from scorewire.music.rhythm import RhythmWriter
from scorewire.music.value_weights import WEIGHTS
from scorewire.music.voices import Chord

MOST_ONSETS = 8
"""A note ends at the latest with the onset of its staff that is so many on."""

MOST_BARS = 4
"""Nor is it held for longer than so many bars, if its staff is silent after it."""

_STEP, _OCTAVE = 2, 12
"""Semitones: a voice goes on with a note that is a step away; from an octave on it does not matter
how far away others are."""


class Strike(NamedTuple):
    """What one staff strikes at a tick."""

    onset: int
    pitches: tuple[int, ...] = ()


@dataclass(frozen=True)
class Sounding:
    """A note before its end is chosen.

    Attributes:
        onset: tick of its start.
        played: how many ticks it was heard for; positive.
        usual: logarithm of how long the longer notes of its staff sound, against the time to the
            staff's next onset: a pedal, or a room, makes all of them long.
        pitch: MIDI note number.
    """

    onset: int
    played: float
    usual: float = 0.0
    pitch: int = 0


class NoteValues:
    """The ends that notes of one staff may have, and what each costs.

    Args:
        meter: the metre.
        divisions: where triplets are.
    """

    def __init__(self, meter: Meter, divisions: Divisions) -> None:
        self._meter = meter
        self._divisions = divisions
        self._writer = RhythmWriter(meter, divisions)
        self._written: dict[tuple[int, int, Span | None, Span | None], tuple[int, int]] = {}

    def list_ends(self, onset: int, later: Sequence[Strike]) -> list[int]:
        """Where a note may end: with a later onset, or where a rest may begin.

        A rest begins on an eighth and lasts one: an early end within an eighth of the next onset is
        articulation. What rings on after the last onset is not written over the bar line.

        Args:
            onset: tick of its start.
            later: what its staff strikes next, in order; at most `MOST_ONSETS` count.
        """
        following = self._following(onset, later)
        first = (onset // EIGHTH_TICKS + 1) * EIGHTH_TICKS
        longest = onset + MOST_BARS * self._meter.bar_ticks
        rests = range(first, min(following - EIGHTH_TICKS, longest) + 1, EIGHTH_TICKS)
        outside = (tick for tick in rests if self._triplet(tick) is None)
        return [*outside, following, *(strike.onset for strike in later[1:MOST_ONSETS])]

    def cost(self, note: Sounding, end: int, later: Sequence[Strike]) -> float:
        """Cost of one of its ends, in nats, up to a constant of the note."""
        evidence = self.list_evidence(note, end, later)
        return sum(weight * piece for weight, piece in zip(WEIGHTS, evidence, strict=True))

    def list_evidence(self, note: Sounding, end: int, later: Sequence[Strike]) -> tuple[float, ...]:
        """What may speak for or against an end, in the order of `value_weights`.

        How much shorter it was heard, and how much longer than is usual, as logarithms; ties; dots;
        how weak the place is where a rest begins; whether there is a rest after the last onset.
        For a note that sounds over the next onset: that it does; how weak the place is where it is
        let go; how far away the nearest note is that is struck meanwhile, in octaves; whether its
        voice goes on by step where it ends.
        """
        following = self._following(note.onset, later)
        rest, held = end < following, end > following
        ratio = math.log(note.played / (end - note.onset))
        ties, dots = self._count(note.onset, end)
        weak = self._meter.classify(end)
        apart, goes_on = 0.0, False
        if held:
            meanwhile = [strike for strike in later if strike.onset < end]
            then = [strike for strike in later if strike.onset == end]
            apart = min(_nearest(note.pitch, meanwhile), _OCTAVE) / _OCTAVE
            goes_on = _nearest(note.pitch, then) <= _STEP
        return (
            max(-ratio, 0.0),
            max(ratio - note.usual, 0.0),
            ties,
            dots,
            weak if rest else 0.0,
            rest and not later,
            held,
            weak if held else 0.0,
            apart,
            goes_on,
        )

    def _following(self, onset: int, later: Sequence[Strike]) -> int:
        """The next onset, or the bar line where there is none."""
        bar = self._meter.bar_ticks
        return later[0].onset if later else (onset // bar + 1) * bar

    def _count(self, onset: int, end: int) -> tuple[int, int]:
        """Ties and dots that a note is written with."""
        bar = self._meter.bar_ticks
        start, ticks = onset % bar, end - onset
        key = start, ticks, self._triplet(onset), self._triplet(end)
        if key not in self._written:
            chord = Chord(onset, end, [])
            symbols = [
                symbol
                for line in range(onset - start, end, bar)
                for symbol in self._writer.write(max(onset, line), min(end, line + bar), chord)
            ]
            self._written[key] = len(symbols) - 1, sum(symbol.dots for symbol in symbols)
        return self._written[key]

    def _triplet(self, tick: int) -> Span | None:
        """The span of a triplet that a place lies within, counted from its bar line."""
        triplet = self._divisions.triplet(tick)
        if triplet is None or tick == triplet.start:
            return None
        line = tick // self._meter.bar_ticks * self._meter.bar_ticks
        return Span(triplet.start - line, triplet.end - line)


def _nearest(pitch: int, strikes: Sequence[Strike]) -> int:
    """Semitones to the nearest note that is struck."""
    away = (abs(pitch - other) for strike in strikes for other in strike.pitches)
    return min(away, default=_OCTAVE)
