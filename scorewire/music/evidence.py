"""What speaks for a bar line: evidence for every reading of the same onsets.

A reading says how long the beat is against a first guess, which metre it is, and where the bar line
falls. The beat tracker follows time well but decides these from one onset to the next; here each
reading is looked at over the whole piece, with cues that only the whole has: how often strong
places are struck, what stands out there, what comes back after a bar, where the music begins and
ends. Cues after F. Lerdahl and R. Jackendoff, "A Generative Theory of Tonal Music" (1983), metrical
preference rules 1 (parallelism), 3 (event), 4 (stress), 5 (length), 6 (bass).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from scorewire.music.meter import Meter, MetricalClass
from scorewire.music.parallelism import Returns, likeness

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

READ_METERS = tuple(map(Meter.parse, ("2/4", "3/4", "4/4", "6/8", "3/8", "9/8", "12/8")))
SCALES = tuple(Fraction(n, d) for n, d in ((1, 3), (1, 2), (2, 3), (1, 1), (3, 2), (2, 1), (3, 1)))
"""Written lengths against the first guess."""

_SLOWEST_QPM, _FASTEST_QPM = 34.0, 290.0
_PHASE_TICKS = 12
"""Music starts on an eighth, but for what is left out here."""

_CLASSES = 6
_ACCENTED_CLASSES = 2
_EDGE_CLASSES = 5
_SHORT_GAPS, _LONG_GAPS = 4, 8
_LONGEST_GAPS = 8
_AROUND = 6
_LEAP_SEMITONES, _OVER_SEMITONES = 12, 18
_PITCH_CLASSES = 12
_QUARTER_QPM = 100.0
_MOST_COVERED = 1.5
_HARDLY_ANY, _SOME, _MANY, _CLEARLY = 0.08, 0.15, 0.35, 0.01
"""Shares of the onsets, and how much more of them is more."""

_KINDS = tuple(
    tuple(map(Meter.parse, names))
    for names in (("2/4", "4/4"), ("3/4",), ("6/8", "9/8", "12/8"), ("3/8",))
)
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Onsets:
    """Chords on a grid whose bar lines are not known.

    Attributes:
        ticks: shape (n,), rising; n at least 2.
        pitches: the pitches that are struck, for each onset.
        lengths: their lengths in ticks, in the same order.
        velocities: shape (n,): how hard the loudest of them is struck.
        qpm: quarters a minute on that grid.
    """

    ticks: _Ints
    pitches: Sequence[Sequence[int]]
    lengths: Sequence[Sequence[float]]
    velocities: _Floats
    qpm: float


@dataclass(frozen=True)
class Reading:
    """One way to read the onsets.

    Attributes:
        scale: written lengths against those of the grid.
        meter: the metre.
        phase: where the first onset stands in its bar, in ticks.
    """

    scale: Fraction
    meter: Meter
    phase: int


def list_readings(
    onsets: Onsets, meters: Sequence[Meter] = READ_METERS, scales: Sequence[Fraction] = SCALES
) -> tuple[list[Reading], _Floats]:
    """Describe every reading.

    Returns:
        The readings, and their features, shape (readings, features).
    """
    accents = _accents(onsets)
    alike = likeness(onsets.pitches)
    readings: list[Reading] = []
    rows: list[_Floats] = []
    for scale in scales:
        qpm = onsets.qpm * float(scale)
        if not _SLOWEST_QPM <= qpm <= _FASTEST_QPM:
            continue
        raw = onsets.ticks - onsets.ticks[0]
        ticks = np.rint(raw * float(scale)).astype(np.int64)
        returns = Returns(ticks, alike)
        for meter in meters:
            phases = np.arange(0, meter.bar_ticks, _PHASE_TICKS)
            readings += [Reading(scale, meter, int(phase)) for phase in phases]
            shared = np.concatenate([_tempo_features(meter, qpm), returns.features(meter)])
            placed = _place_features(ticks, accents, meter, phases)
            rows.append(np.hstack([placed, np.tile(shared, (len(phases), 1))]))
    return readings, np.vstack(rows) if rows else np.empty((0, 0))


def _standard(values: _Floats) -> _Floats:
    """Standard scores; zeros where nothing differs."""
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > _ROUNDING else values * 0.0


def _accents(onsets: Onsets) -> _Floats:
    """How much each onset stands out in each respect: standard scores, shape (n, accents)."""
    ticks = onsets.ticks.astype(np.float64)
    lows = np.array([min(chord) for chord in onsets.pitches], dtype=np.float64)
    highs = np.array([max(chord) for chord in onsets.pitches], dtype=np.float64)
    sizes = np.array([len(set(chord)) for chord in onsets.pitches], dtype=np.float64)
    longest = np.array([max(lengths) for lengths in onsets.lengths])
    bass_lengths = np.array(
        [
            lengths[int(np.argmin(chord))]
            for chord, lengths in zip(onsets.pitches, onsets.lengths, strict=True)
        ]
    )
    gap = float(np.median(np.diff(ticks)))
    after = np.minimum(np.diff(ticks, append=ticks[-1] + 2 * gap), _LONGEST_GAPS * gap)
    before = np.concatenate([[gap], after[:-1]])
    low_before = np.concatenate([lows[:1], lows[:-1]])
    columns = [
        sizes,
        np.clip(-_above_others(lows), -_LEAP_SEMITONES, _OVER_SEMITONES),
        np.clip(low_before - lows, -_LEAP_SEMITONES, _LEAP_SEMITONES),
        np.log1p(after),
        np.log1p(before),
        np.log1p(longest),
        np.log1p(bass_lengths),
        _harmony_change(onsets, _SHORT_GAPS * gap),
        _harmony_change(onsets, _LONG_GAPS * gap),
        (lows != low_before).astype(np.float64),
        np.clip(np.abs(np.diff(highs, prepend=highs[0])), 0, _LEAP_SEMITONES),
        highs,
        _above_others(onsets.velocities),
    ]
    return np.stack([_standard(column) for column in columns], axis=1)


def _above_others(values: _Floats) -> _Floats:
    """By how much each value is above the mean of those around it."""
    n = len(values)
    here = np.arange(n)
    summed = np.concatenate([[0.0], values.cumsum()])
    start, end = np.maximum(0, here - _AROUND), np.minimum(n, here + _AROUND + 1)
    return np.asarray(values - (summed[end] - summed[start]) / (end - start))


def _harmony_change(onsets: Onsets, reach: float) -> _Floats:
    """Cosine distance of the pitch classes within `reach` ticks before and after; shape (n,)."""
    ticks = onsets.ticks
    counts = np.zeros((len(ticks) + 1, _PITCH_CLASSES))
    for index, chord in enumerate(onsets.pitches):
        counts[index + 1, sorted({pitch % _PITCH_CLASSES for pitch in chord})] = 1
    counts = counts.cumsum(axis=0)
    here = np.arange(len(ticks))
    start = np.searchsorted(ticks, ticks - reach)
    end = np.searchsorted(ticks, ticks + reach)
    before, after = counts[here] - counts[start], counts[end] - counts[here]
    norm = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    change = 1 - (before * after).sum(axis=1) / np.maximum(norm, 1e-9)
    known = norm > 0
    return np.where(known, change, change[known].mean() if known.any() else 0.0)


def _tempo_features(meter: Meter, qpm: float) -> _Floats:
    is_meter = np.array([float(meter == other) for other in READ_METERS])
    quarter = np.log(qpm / _QUARTER_QPM)
    return np.concatenate([is_meter, is_meter * quarter, is_meter * quarter**2])


def _profile_features(ticks: _Ints, meter: Meter, phases: _Ints) -> _Floats:
    """Share of onsets on each eighth of the bar, apart for every metre; (phases, features)."""
    eighths = meter.bar_ticks // _PHASE_TICKS
    positions = (ticks + phases[:, None]) % meter.bar_ticks
    belongs = positions[:, :, None] == np.arange(eighths) * _PHASE_TICKS
    sizes = [other.bar_ticks // _PHASE_TICKS for other in READ_METERS]
    features = np.zeros((len(phases), sum(sizes)))
    if meter in READ_METERS:
        start = sum(sizes[: READ_METERS.index(meter)])
        features[:, start : start + eighths] = belongs.mean(axis=1)
    return features


def _division_features(shares: _Floats, meter: Meter) -> _Floats:
    """How beats are divided, and on what onsets fall in each kind of metre; (phases, features)."""
    divisions, halves, triplets = (
        shares[:, kind]
        for kind in (MetricalClass.DIVISION, MetricalClass.SUBDIVISION, MetricalClass.TRIPLET)
    )
    compared = [
        triplets > halves + _CLEARLY,
        triplets > divisions,
        triplets > _SOME,
        triplets > _MANY,
        halves > divisions,
        divisions + halves + triplets < _HARDLY_ANY,
    ]
    of_kind = np.array([float(meter in kind) for kind in _KINDS])
    apart = np.column_stack([triplets > _SOME, shares[:, MetricalClass.STRONG_BEAT :]])
    by_kind = (apart[:, :, None] * of_kind).reshape(len(shares), -1)
    return np.hstack([np.stack(compared, axis=1).astype(np.float64), by_kind])


@cache
def _classes_of(meter: Meter) -> _Ints:
    """Metrical class of every tick of a bar, the finest as one; shape (bar_ticks,)."""
    classes = [meter.classify(tick) for tick in range(meter.bar_ticks)]
    return np.minimum(classes, MetricalClass.TRIPLET)


def _place_features(ticks: _Ints, accents: _Floats, meter: Meter, phases: _Ints) -> _Floats:
    """What stands on which kind of place; shape (phases, features)."""
    bar, n = meter.bar_ticks, len(ticks)
    classes_at = _classes_of(meter)
    classes = classes_at[(ticks + phases[:, None]) % bar]
    belongs = (classes[:, :, None] == np.arange(_CLASSES)).astype(np.float64)
    counts = belongs.sum(axis=1)
    places = np.bincount(classes_at[:: _PHASE_TICKS // 2], minlength=_CLASSES)
    bars = max(1.0, float(ticks[-1]) / bar)
    sums = np.einsum("pnk,na->pka", belongs[:, :, :_ACCENTED_CLASSES], accents)
    heads = np.maximum(counts[:, :_ACCENTED_CLASSES, None], 1)
    first, last = classes[:, 0], classes[:, -1]
    pickup = (bar - phases) % bar
    ends_strong = last <= MetricalClass.STRONG_BEAT
    edges = [
        pickup == 0,
        (pickup > 0) & (pickup <= bar / 2),
        pickup > bar / 2,
        pickup / bar,
        (pickup > 0) & ends_strong,
        (pickup == 0) & ends_strong,
    ]
    return np.hstack(
        [
            _profile_features(ticks, meter, phases),
            counts / n,
            np.minimum(_MOST_COVERED, counts / np.maximum(1, places * bars)),
            (sums / np.sqrt(n * heads)).reshape(len(phases), -1),
            (first[:, None] == np.arange(_EDGE_CLASSES)).astype(np.float64),
            (last[:, None] == np.arange(_EDGE_CLASSES)).astype(np.float64),
            np.stack(edges, axis=1).astype(np.float64),
            _division_features(counts / n, meter),
        ]
    )
