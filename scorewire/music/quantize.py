"""Where onsets stand and what they are written with: one search over both.

The beat tracker puts onsets where the metre has its beats; it neither knows that chords are spread
nor what its places look like on a page. So every onset is placed anew, near where it was tracked,
by four costs together: how far the place is from its time, how rare the step to it is in music and
in this piece, how the quarter must be divided, and what each staff's notes are then written with.
Rhythm quantisation as a trade of accuracy against simplicity: A. T. Cemgil, P. Desain and B.
Kappen, "Rhythm quantization for transcription", Computer Music Journal 24(2), 2000. Every place
keeps the best way to it (Viterbi), and with it what each staff struck last.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from scorewire.music.beats import BeatTrack
from scorewire.music.divisions import BINARY_TICKS, EIGHTH_TICKS, TRIPLET_TICKS, Divisions
from scorewire.music.grid import GridNote
from scorewire.music.lengths import usual_length
from scorewire.music.meter import TICKS_PER_QUARTER
from scorewire.music.meter_model import MeterModel
from scorewire.music.note_values import MOST_BARS, NoteValues, Sounding, Strike
from scorewire.music.timing import expected_ticks

_REACH_TICKS = 5
"""An onset moves by less than a sixteenth."""

_KEPT_ODDS = 0.5
"""Log-odds of the tracked place: the tracker knows more of the past than an onset's neighbours."""

_SPREADS, _LEAST_SPREAD_S, _MOST_OFF = 2.2, 0.012, 8.0
"""Standard deviation of onsets from their places, in the piece's median deviations, but at least so
much; the most that a deviation costs, in nats."""

_CHORD_S, _CHORD_ODDS, _CHORD_DECAY_S, _TOO_LATE = 0.1, 1.0, 0.05, 50.0
"""How late a note of a chord may come; log-odds that it is one, and how soon they fall; the cost of
what comes later, which is taken where there is no other way."""

_QUICKEST_S, _TOO_QUICK = 0.07, 8.0
"""Fourteen notes a second: what is quicker is an ornament or a slip, and hardly ever written in
rhythm."""

_VALUE_WEIGHT = 0.2
"""What the cost of values counts for: the notes of a chord do not end independently, nor does what
was heard of their ends say much of where they begin."""

_MOST_BEHIND = 18.0
_EIGHTH = 8


@dataclass(frozen=True, eq=False)
class _Division:
    """How a quarter is divided.

    Attributes:
        places: its places, in ticks.
        triplets: first tick of each span that is divided in three -> its length.
        cost: in nats.
    """

    places: frozenset[int]
    triplets: Mapping[int, int]
    cost: float


_HALVES = _Division(frozenset(range(0, TICKS_PER_QUARTER, BINARY_TICKS)), {}, 0.0)
_THIRDS = _Division(frozenset({0, 4, 8, 16, 20}), {0: TICKS_PER_QUARTER}, 1.5)
"""Six in a quarter are two triplets."""

_THIRDS_OF_EIGHTHS = (
    _Division(frozenset({0, 4, 8, 12, 15, 18, 21}), {0: EIGHTH_TICKS}, 2.5),
    _Division(frozenset({0, 3, 6, 9, 12, 16, 20}), {EIGHTH_TICKS: EIGHTH_TICKS}, 2.5),
    _Division(
        frozenset(range(0, TICKS_PER_QUARTER, TRIPLET_TICKS)),
        {0: EIGHTH_TICKS, EIGHTH_TICKS: EIGHTH_TICKS},
        4.0,
    ),
)


class _Place(NamedTuple):
    """Where an onset stands, and how its quarter is divided."""

    tick: int
    division: _Division


class _Way(NamedTuple):
    """The best way to a place: its cost in nats, the place before, what each staff struck last."""

    cost: float
    before: _Place | None
    last: Mapping[int, Sounding]


def quantize(track: BeatTrack, staves: Sequence[Sequence[GridNote]]) -> tuple[BeatTrack, Divisions]:
    """Place every onset so that it can be read.

    Args:
        track: where every event stands, as it was followed.
        staves: the notes of each staff as they stand on the track, in order of onset.

    Returns:
        The track on the places chosen, its first event within the first bar, and where triplets
        are. Onsets keep their order; the notes of a spread chord come together.
    """
    places = _Search(track, staves).run()
    bar = track.meter.bar_ticks
    shift = places[0].tick // bar * bar
    triplets = {
        # Bars of three eighths do not begin on quarters, so the quarter is found before they move.
        place.tick // TICKS_PER_QUARTER * TICKS_PER_QUARTER + start - shift: length
        for place in places
        for start, length in place.division.triplets.items()
    }
    ticks = np.array([place.tick - shift for place in places], dtype=np.int64)
    return replace(track, ticks=ticks), Divisions(triplets)


class _Search:
    """The search, for one recording."""

    def __init__(self, track: BeatTrack, staves: Sequence[Sequence[GridNote]]) -> None:
        self._tracked: list[int] = track.ticks.tolist()
        self._gaps_s = np.diff(track.times_s).tolist()
        self._bar = track.meter.bar_ticks
        self._quickest_ticks = _QUICKEST_S / track.quarter_s * TICKS_PER_QUARTER
        self._model = MeterModel(track.meter, track.ticks, swung=track.swung)
        sounding = self._model.sounding(track.ticks).astype(np.float64)
        self._expected = expected_ticks(track, sounding)
        spread = _SPREADS * float(np.median(np.abs(self._expected - sounding)))
        least = _LEAST_SPREAD_S / track.quarter_s * TICKS_PER_QUARTER
        self._spread_ticks = max(spread, least)
        quarters = (_HALVES,) if track.meter.denominator == _EIGHTH else (_HALVES, _THIRDS)
        self._divisions = (*quarters, *_THIRDS_OF_EIGHTHS)
        self._values = NoteValues(track.meter, Divisions())
        self._value_costs: dict[tuple[int, int, float, float], float] = {}
        self._struck = _list_sounding(staves)

    def run(self) -> list[_Place]:
        """Place of every event."""
        ways: dict[_Place, _Way] = {}
        for place, cost in self._list_places(0):
            first = float(self._model.first[place.tick % self._bar])
            ways[place] = _Way(cost + place.division.cost - first, None, self._strike({}, place, 0))
        history = [ways]
        for index in range(1, len(self._tracked)):
            ways = self._advance(ways, index)
            history.append(ways)
        return _trace(history)

    def _advance(self, ways: Mapping[_Place, _Way], index: int) -> dict[_Place, _Way]:
        """The best way to each place of an event, but for those that are far behind."""
        gap_s, struck = self._gaps_s[index - 1], self._struck.get(self._tracked[index], {})
        grown: dict[_Place, _Way] = {}
        for place, own in self._list_places(index):
            best, source = np.inf, None
            for before, way in ways.items():
                cost = way.cost + own + self._step(before, place, gap_s)
                if cost < best:
                    cost += sum(self._value(way.last.get(staff), place.tick) for staff in struck)
                if cost < best:
                    best, source = cost, before
            if source is not None:
                last = self._strike(ways[source].last, place, index)
                grown[place] = _Way(best, source, last)
        limit = min(way.cost for way in grown.values()) + _MOST_BEHIND
        return {place: way for place, way in grown.items() if way.cost <= limit}

    def _list_places(self, index: int) -> Iterator[tuple[_Place, float]]:
        """Where an event may stand, and what its time says against that."""
        tracked = self._tracked[index]
        ticks = np.arange(tracked - _REACH_TICKS, tracked + _REACH_TICKS + 1)
        off = (self._expected[index] - self._model.sounding(ticks)) / self._spread_ticks
        costs = np.minimum(off**2 / 2, _MOST_OFF) - _KEPT_ODDS * (ticks == tracked)
        for tick, cost in zip(ticks.tolist(), costs.tolist(), strict=True):
            for division in self._divisions:
                if tick % TICKS_PER_QUARTER in division.places:
                    yield _Place(tick, division), cost

    def _step(self, before: _Place, place: _Place, gap_s: float) -> float:
        """Cost of going on from one place to the next; infinite where that cannot be."""
        gone = place.tick - before.tick
        same_quarter = before.tick // TICKS_PER_QUARTER == place.tick // TICKS_PER_QUARTER
        if gone < 0 or (same_quarter and before.division is not place.division):
            return np.inf
        cost = 0.0 if same_quarter else place.division.cost
        if gone == 0:
            late = gap_s / _CHORD_DECAY_S if gap_s <= _CHORD_S else _TOO_LATE
            return cost + late - _CHORD_ODDS
        if gone < self._quickest_ticks:
            cost += _TOO_QUICK
        if gone > self._bar:
            return cost - float(self._model.after_silence(np.array(place.tick % self._bar)))
        return cost - float(self._model.steps[before.tick % self._bar, gone])

    def _strike(
        self, last: Mapping[int, Sounding], place: _Place, index: int
    ) -> dict[int, Sounding]:
        """What each staff struck last, once this event is placed."""
        struck = self._struck.get(self._tracked[index], {})
        placed = {staff: replace(note, onset=place.tick) for staff, note in struck.items()}
        return {**last, **placed}

    def _value(self, note: Sounding | None, following: int) -> float:
        """Cost of what a staff's last notes are written with, now that it strikes again."""
        # What stands within a triplet is priced with its quarter.
        if note is None or note.onset % BINARY_TICKS or following % BINARY_TICKS:
            return 0.0
        ticks = following - note.onset
        if ticks > MOST_BARS * self._bar:
            return 0.0
        key = note.onset % self._bar, ticks, note.played, note.usual
        if ticks and key not in self._value_costs:
            later = [Strike(following)]
            ends = self._values.list_ends(note.onset, later)
            self._value_costs[key] = min(self._values.cost(note, end, later) for end in ends)
        return _VALUE_WEIGHT * self._value_costs[key] if ticks else 0.0


def _list_sounding(staves: Sequence[Sequence[GridNote]]) -> dict[int, dict[int, Sounding]]:
    """What each staff strikes at a tracked tick: one length for a chord, the middle one."""
    played: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for staff, notes in enumerate(staves):
        for note in notes:
            played[note.onset][staff].append(note.end - note.onset)
    usual = [usual_length(notes) for notes in staves]
    return {
        tick: {
            staff: Sounding(tick, round(float(np.median(lengths))) or 1, usual[staff])
            for staff, lengths in struck.items()
        }
        for tick, struck in played.items()
    }


def _trace(history: Sequence[Mapping[_Place, _Way]]) -> list[_Place]:
    """The places on the best way to the last event."""
    place = min(history[-1], key=lambda place: history[-1][place].cost)
    places = [place]
    for ways in reversed(history[1:]):
        before = ways[places[-1]].before
        if before is not None:
            places.append(before)
    return places[::-1]
