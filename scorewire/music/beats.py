"""Where the beats are: one search over tempo and place in the bar.

Every hypothesis says at which tick of the metre's grid the newest onset stands, and follows the
beat with a filter of its own (`beat_filter`). Hypotheses at the same place with the same period are
merged (Viterbi), the weak ones dropped (beam). Steps between onsets and accents are scored by
`meter_model`'s probabilities, so that metres compete on the same notes. How evenly somebody plays
is not known either: the beat is followed as if steadily and as if freely, and the likelier of the
two taken, which no filter between them does as well as.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scorewire.music.accents import Event, accent_scores
from scorewire.music.beat_filter import TEMPO_STEP, Beam, Playing, follow, prune
from scorewire.music.meter import TICKS_PER_QUARTER, Meter
from scorewire.music.meter_model import MeterModel

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

METER_PRIOR = {
    Meter(4, 4): 0.35,
    Meter(3, 4): 0.25,
    Meter(2, 4): 0.20,
    Meter(6, 8): 0.14,
    Meter(9, 8): 0.03,
}
"""How common metres are; all others are rare."""

_METER_WEIGHT = 3.0

_SIMPLE_QPM, _COMPOUND_QPM = 100.0, 150.0
_TEMPO_SPREAD, _FOUND_TEMPO_SPREAD, _ASKED_TEMPO_SPREAD = 0.4, 0.25, 0.15
_TEMPO_PULL, _FOUND_TEMPO_PULL, _ASKED_TEMPO_PULL = 0.1, 0.25, 0.5
"""Middle and logarithmic spread of the tempo in quarters a minute; share of it at every event."""

FEWEST_ONSETS, _ALONE_TEMPO_PULL = 24, 0.4
"""With fewer the level of the beat is not read from the whole, but chosen here."""

_ROLLED_CHORD_S = 0.09
_ROLLED_CHORD_LOG = -4.0
_WINDOW_SPREADS = 3.5
_MAX_WINDOW_TICKS = 36

PLAYINGS = (Playing(0.010, 0.02, 0.05), Playing(0.016, 0.04, 0.13))
"""Steady and free: how the beat is followed."""


@dataclass(frozen=True)
class BeatTrack:
    """Where every event stands in the metre.

    Attributes:
        meter: the metre.
        ticks: int, shape (n_events,), never falling, as written; bar lines are at multiples of
            the bar.
        times_s: shape (n_events,): when the events were played.
        quarter_s: median length of a quarter, in seconds.
        score: log-probability, comparable between metres on the same events.
        playing: how evenly it seems to be played.
        swung: whether off-beat eighths are played late: written as eighths at half the quarter
            (tick 12 of 24), they sound at two thirds of it (as the last eighth of a triplet).
    """

    meter: Meter
    ticks: _Ints
    times_s: _Floats
    quarter_s: float
    score: float
    playing: Playing = PLAYINGS[0]
    swung: bool = False


@dataclass(frozen=True)
class _TempoPrior:
    """Log-normal prior on the length of a quarter."""

    middle_s: float
    spread: float
    pull: float

    @classmethod
    def of(
        cls, meter: Meter, tempo_bpm: float | None, habit: BeatTrack | None, events: int
    ) -> "_TempoPrior":
        """Expect what the musician said, what was found before, or what is common in the metre."""
        if tempo_bpm is not None:
            quarter_s = 60.0 / tempo_bpm * TICKS_PER_QUARTER / meter.beat_ticks
            return cls(quarter_s, _ASKED_TEMPO_SPREAD, _ASKED_TEMPO_PULL)
        if habit is not None:
            return cls(habit.quarter_s, _FOUND_TEMPO_SPREAD, _FOUND_TEMPO_PULL)
        qpm = _COMPOUND_QPM if meter.is_compound else _SIMPLE_QPM
        pull = _TEMPO_PULL if events >= FEWEST_ONSETS else _ALONE_TEMPO_PULL
        return cls(60.0 / qpm, _TEMPO_SPREAD, pull)

    def grid(self) -> _Floats:
        """Lengths to start from, in seconds."""
        reach = 3 * self.spread
        steps = np.arange(-reach, reach + TEMPO_STEP / 2, TEMPO_STEP)
        return np.asarray(self.middle_s * np.exp(steps))

    def log_score(self, quarter_s: _Floats) -> _Floats:
        """Log-density, up to a constant."""
        return np.asarray(-0.5 * (np.log(quarter_s / self.middle_s) / self.spread) ** 2)


@dataclass(frozen=True)
class _Expected:
    """What is expected of a performance."""

    model: MeterModel
    tempo: _TempoPrior
    playing: Playing


@dataclass(frozen=True)
class _Heard:
    """One event: when, how long after the one before, and its accents by metrical class."""

    time_s: float
    gap_s: float
    accents: _Floats


def track_beats(
    events: Sequence[Event],
    meter: Meter,
    tempo_bpm: float | None = None,
    habit: BeatTrack | None = None,
    *,
    swung: bool = False,
) -> BeatTrack:
    """Find the tempo and the place of every event.

    Args:
        events: chords in order of time; at least one.
        meter: the metre.
        tempo_bpm: beats of the metre in a minute, where the musician has said so.
        habit: an earlier track of the same events, whose tempo, rhythms and way of playing are
            expected again.
        swung: whether eighths are expected to swing.
    """
    accents = accent_scores(events)
    times_s = np.array([event.onset_s for event in events])
    model = MeterModel(meter, habit.ticks if habit else None, swung=swung)
    tempo = _TempoPrior.of(meter, tempo_bpm, habit, len(events))
    tracks = [
        _track(times_s, accents, _Expected(model, tempo, playing))
        for playing in ([habit.playing] if habit else PLAYINGS)
    ]
    return max(tracks, key=lambda track: track.score)


def _track(times_s: _Floats, accents: _Floats, expected: _Expected) -> BeatTrack:
    beam = _start(expected, accents[0], times_s[0])
    history = [beam]
    for index in range(1, len(times_s)):
        heard = _Heard(times_s[index], times_s[index] - times_s[index - 1], accents[index])
        beam = _advance(beam, heard, expected)
        history.append(beam)
    where = int(np.argmax(beam.score))
    score = float(beam.score[where])
    ticks = np.zeros(len(times_s), dtype=np.int64)
    periods = np.zeros(len(times_s))
    for index in range(len(times_s) - 1, -1, -1):
        ticks[index] = history[index].tick[where]
        periods[index] = history[index].period_s[where]
        where = int(history[index].parent[where])
    meter = expected.model.meter
    return BeatTrack(
        meter=meter,
        ticks=ticks,
        times_s=times_s,
        quarter_s=float(np.median(periods)),
        score=score + _METER_WEIGHT * float(np.log(METER_PRIOR.get(meter, 0.01))),
        playing=expected.playing,
        swung=expected.model.swung,
    )


def _start(expected: _Expected, accents: _Floats, time_s: float) -> Beam:
    model, tempo = expected.model, expected.tempo
    places = np.flatnonzero(np.isfinite(model.first))
    lengths_s = tempo.grid()
    tick = np.tile(places, len(lengths_s))
    period_s = np.repeat(lengths_s, len(places))
    same = np.ones(len(tick))
    return Beam(
        score=model.first[tick] + accents[model.classes[tick]] + tempo.log_score(period_s),
        tick=tick.astype(np.int64),
        grid_s=same * time_s,
        period_s=period_s,
        grid_var=same * expected.playing.jitter_s**2,
        cross_var=same * 0.0,
        period_var=(TEMPO_STEP * period_s) ** 2,
        parent=np.zeros(len(tick), dtype=np.int64),
    )


def _advance(beam: Beam, heard: _Heard, expected: _Expected) -> Beam:
    """Grow every hypothesis by one event, and keep the best."""
    model, tempo, playing = expected.model, expected.tempo, expected.playing
    # One row per hypothesis, one column per number of ticks gone (0: a rolled chord, same tick).
    middle = np.rint((heard.time_s - beam.grid_s) / beam.period_s * TICKS_PER_QUARTER).astype(
        np.int64
    )
    spread_s = np.sqrt(
        beam.grid_var + beam.period_var * (middle / TICKS_PER_QUARTER) ** 2 + playing.jitter_s**2
    )
    reach = float(np.max(_WINDOW_SPREADS * spread_s / beam.period_s)) * TICKS_PER_QUARTER
    window = int(np.clip(np.ceil(reach), 4, _MAX_WINDOW_TICKS)) + model.most_late_ticks
    gone = middle[:, None] + np.arange(-window, window + 1)
    step_score = _step_scores(beam.tick, gone, model, rolled=heard.gap_s < _ROLLED_CHORD_S)
    rows, columns = np.nonzero(np.isfinite(step_score))
    grown = beam.select(rows)
    tick = grown.tick + gone[rows, columns]
    quarters = (model.sounding(tick) - model.sounding(grown.tick)) / TICKS_PER_QUARTER
    grown = follow(grown, quarters, heard.time_s, playing)
    score = (
        grown.score
        + step_score[rows, columns]
        + heard.accents[model.classes[tick % model.meter.bar_ticks]]
        + tempo.pull * tempo.log_score(grown.period_s)
    )
    return prune(replace(grown, score=score, tick=tick, parent=rows), model.meter.bar_ticks)


def _step_scores(tick: _Ints, gone: _Ints, model: MeterModel, *, rolled: bool) -> _Floats:
    bar = model.meter.bar_ticks
    scores = model.steps[tick[:, None] % bar, np.clip(gone, 0, bar)]
    if gone.max() > bar:
        scores = np.where(gone > bar, model.after_silence((tick[:, None] + gone) % bar), scores)
    return np.where(gone > 0, scores, np.where((gone == 0) & rolled, _ROLLED_CHORD_LOG, -np.inf))
