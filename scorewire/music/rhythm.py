"""Lengths in ticks to note values with dots, ties, tuplets and beams.

Rules of notation: E. Gould, "Behind Bars" (2011), on the grouping of values. A value may hide a
beat only where it starts on a stronger one, or as the plain off-beat value (eighth-quarter-eighth);
rests hide nothing stronger than where they start; tuplets and beams stay within the beat.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Literal

from scorewire.music.divisions import Divisions
from scorewire.music.meter import Meter, MetricalClass
from scorewire.music.voices import Chord

NoteType = Literal["whole", "half", "quarter", "eighth", "16th", "32nd"]
BeamState = Literal["begin", "continue", "end", "forward hook", "backward hook"]
TupletMark = Literal["start", "stop"] | None

_PLAIN: dict[int, NoteType] = {
    96: "whole", 48: "half", 24: "quarter", 12: "eighth", 6: "16th", 3: "32nd",
}  # fmt: skip
_DOTTED: dict[int, NoteType] = {144: "whole", 72: "half", 36: "quarter", 18: "eighth", 9: "16th"}
_TRIPLET: dict[int, NoteType] = {16: "quarter", 8: "eighth", 4: "16th"}
_FINEST = 3
_FLAGS: dict[NoteType, int] = {"eighth": 1, "16th": 2, "32nd": 3}


@dataclass(frozen=True)
class Symbol:
    """One note, chord or rest as it stands on the page.

    Attributes:
        onset: tick of its start.
        ticks: length.
        chord: what sounds; None for a rest.
        type: note value.
        dots: 0 or 1.
        triplet: length of the span that is divided in three here, with three values in the place of
            two; 0 where none is.
        tuplet: where a triplet bracket starts or stops.
        tied_back: whether it continues the symbol before it.
        tied_on: whether the symbol after it continues it.
        beams: state of each beam, the eighth's first.
        whole_bar: a rest that fills its bar, whatever the metre.
    """

    onset: int
    ticks: int
    chord: Chord | None
    type: NoteType
    dots: int = 0
    triplet: int = 0
    tuplet: TupletMark = None
    tied_back: bool = False
    tied_on: bool = False
    beams: tuple[BeamState, ...] = ()
    whole_bar: bool = False

    @property
    def end(self) -> int:
        """Tick of its end."""
        return self.onset + self.ticks


class RhythmWriter:
    """Writes spans of a metre's bars."""

    def __init__(self, meter: Meter, divisions: Divisions) -> None:
        self._meter = meter
        self._divisions = divisions

    def write(self, start: int, end: int, chord: Chord | None) -> list[Symbol]:
        """Write one note, chord or rest that lies within a bar.

        Args:
            start: tick; a multiple of 3, or of 4 within what is divided in three.
            end: tick, likewise.
            chord: what sounds; None for a rest.
        """
        symbols = [
            symbol
            for left, right in self._cut_at_triplets(start, end)
            for symbol in self._divide(left, right, chord)
        ]
        if chord is None:
            return symbols
        return [
            replace(symbol, tied_back=symbol.onset > chord.onset, tied_on=symbol.end < chord.end)
            for symbol in symbols
        ]

    def whole_bar_rest(self, start: int, end: int) -> Symbol:
        """Write the rest of a silent bar."""
        return Symbol(start, end - start, None, "whole", whole_bar=True)

    def _cut_at_triplets(self, start: int, end: int) -> Iterable[tuple[int, int]]:
        """Cut round what is divided in three, if the span begins or ends within it."""
        cuts = {start, end}
        for tick in (start, end):
            triplet = self._divisions.triplet(tick)
            if triplet is not None and tick > triplet.start:
                cuts.update(cut for cut in triplet if start < cut < end)
        return pairwise(sorted(cuts))

    def _divide(self, start: int, end: int, chord: Chord | None) -> list[Symbol]:
        ticks = end - start
        triplet = self._divisions.triplet(start)
        if triplet is not None and triplet != (start, end) and end <= triplet.end:
            value = max(value for value in _TRIPLET if value <= ticks)
            within = triplet.end - triplet.start
            first = Symbol(start, value, chord, _TRIPLET[value], triplet=within)
            return [first, *(self._divide(start + value, end, chord) if value < ticks else [])]
        if self._may_stand(start, end, rest=chord is None):
            if ticks in _PLAIN:
                return [Symbol(start, ticks, chord, _PLAIN[ticks])]
            return [Symbol(start, ticks, chord, _DOTTED[ticks], dots=1)]
        inner = range(start + _FINEST, end, _FINEST)
        cut = min(inner, key=lambda tick: (self._meter.classify(tick), tick))
        return [*self._divide(start, cut, chord), *self._divide(cut, end, chord)]

    def _may_stand(self, start: int, end: int, *, rest: bool) -> bool:
        ticks = end - start
        if ticks not in _PLAIN and ticks not in _DOTTED:
            return False
        meter = self._meter
        own = meter.classify(start)
        inner = [meter.classify(tick) for tick in range(start + _FINEST, end, _FINEST)]
        if not inner:
            return True
        strongest = min(inner)
        if meter.is_compound and strongest <= MetricalClass.STRONG_BEAT:
            # A value that holds several beats must be made of whole ones.
            return ticks in _DOTTED and ticks % meter.beat_ticks == 0 and own <= strongest + 1
        if rest:
            return own < strongest and (ticks in _PLAIN or meter.is_compound)
        if own <= strongest:
            return True
        return ticks in _PLAIN and own == strongest + 1 and strongest >= MetricalClass.STRONG_BEAT


def mark_groups(symbols: Sequence[Symbol], meter: Meter) -> list[Symbol]:
    """Add beams and triplet brackets to one voice of one bar."""
    marked = list(symbols)
    spans = [(s.triplet, s.onset // s.triplet) if s.triplet else None for s in symbols]
    # A triplet that begins or ends with a rest is not all under the beam, and gets one of its own.
    torn = {span for span, symbol in zip(spans, symbols, strict=True) if symbol.chord is None}

    def group_of(index: int) -> tuple[int, tuple[int, int] | None]:
        own = spans[index] if spans[index] in torn else None
        return symbols[index].onset // meter.beam_ticks, own

    for _, group in groupby(range(len(symbols)), key=group_of):
        members = list(group)
        for index, beams in _beam_group([symbols[i] for i in members]).items():
            marked[members[index]] = replace(marked[members[index]], beams=beams)
    triplets: dict[tuple[int, int], list[int]] = {}
    for index, span in enumerate(spans):
        if span is not None:
            triplets.setdefault(span, []).append(index)
    for members in triplets.values():
        if len(members) > 1:  # an upbeat may be the last third alone
            marked[members[0]] = replace(marked[members[0]], tuplet="start")
            marked[members[-1]] = replace(marked[members[-1]], tuplet="stop")
    return marked


def _beam_group(symbols: Sequence[Symbol]) -> dict[int, tuple[BeamState, ...]]:
    """Beams within one group: runs of flagged notes, broken by rests and longer notes."""
    flags = [_FLAGS.get(s.type, 0) if s.chord is not None else 0 for s in symbols]
    beams: dict[int, tuple[BeamState, ...]] = {}
    for index, own in enumerate(flags):
        before = flags[index - 1] if index else 0
        after = flags[index + 1] if index + 1 < len(flags) else 0
        if own and (before or after):
            levels = range(1, own + 1)
            beams[index] = tuple(_beam_state(level, before, after) for level in levels)
    return beams


def _beam_state(level: int, before: int, after: int) -> BeamState:
    joins_before, joins_after = before >= level, after >= level
    if joins_before and joins_after:
        return "continue"
    if joins_before:
        return "end"
    if joins_after:
        return "begin"
    return "backward hook" if before else "forward hook"
