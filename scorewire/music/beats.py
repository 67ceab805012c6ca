"""Where the beats are: one search over tempo, metre and place in the bar.

Every hypothesis says at which tick of the metre's grid the newest onset stands, and follows the
beat with a Kalman filter over (time of the grid, period), as in A. T. Cemgil, B. Kappen, P. Desain
and H. Honing, "On tempo tracking: tempogram representation and Kalman filtering", J. New Music
Research 29(4), 2000. Hypotheses at the same place with the same period are merged (Viterbi), the
weak ones dropped (beam). Steps between onsets and accents are scored by `meter`'s probabilities,
so that metres compete on the same notes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from scorewire.music.accents import Event, accent_scores
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
_METER_SAMPLE_EVENTS = 400
"""Enough to tell the metre; the rest of a long recording is followed in that metre only."""

_ONSET_JITTER_S = 0.016
_PHASE_DRIFT = 0.04
_TEMPO_DRIFT = 0.13
"""Spread of an onset round its beat; relative drift of beat and of tempo per root second."""

_SIMPLE_QPM, _COMPOUND_QPM = 100.0, 150.0
_TEMPO_SPREAD, _FOUND_TEMPO_SPREAD, _ASKED_TEMPO_SPREAD = 0.4, 0.25, 0.15
_TEMPO_PULL, _FOUND_TEMPO_PULL, _ASKED_TEMPO_PULL = 0.1, 0.25, 0.5
"""Middle and logarithmic spread of the tempo in quarters a minute; share of it at every event."""

_SLOWEST_QPM, _FASTEST_QPM = 15.0, 500.0
_TEMPO_STEP = 0.04
_BEAM_WIDTH = 160
_BEAM_SCORE = 14.0
_ROLLED_CHORD_S = 0.09
_ROLLED_CHORD_LOG = -4.0
_WINDOW_SPREADS = 3.5
_MAX_WINDOW_TICKS = 36


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
        swung: whether off-beat eighths are played late: written as eighths at half the quarter
            (tick 12 of 24), they sound at two thirds of it (as the last eighth of a triplet).
    """

    meter: Meter
    ticks: _Ints
    times_s: _Floats
    quarter_s: float
    score: float
    swung: bool = False


@dataclass(frozen=True)
class _TempoPrior:
    """Log-normal prior on the length of a quarter."""

    middle_s: float
    spread: float
    pull: float

    @classmethod
    def of(
        cls, meter: Meter, tempo_bpm: float | None, habit: BeatTrack | None = None
    ) -> "_TempoPrior":
        """Expect what the musician said, what was found before, or what is common in the metre."""
        if tempo_bpm is not None:
            quarter_s = 60.0 / tempo_bpm * TICKS_PER_QUARTER / meter.beat_ticks
            return cls(quarter_s, _ASKED_TEMPO_SPREAD, _ASKED_TEMPO_PULL)
        if habit is not None:
            return cls(habit.quarter_s, _FOUND_TEMPO_SPREAD, _FOUND_TEMPO_PULL)
        qpm = _COMPOUND_QPM if meter.is_compound else _SIMPLE_QPM
        return cls(60.0 / qpm, _TEMPO_SPREAD, _TEMPO_PULL)

    def grid(self) -> _Floats:
        """Lengths to start from, in seconds."""
        reach = 3 * self.spread
        steps = np.arange(-reach, reach + _TEMPO_STEP / 2, _TEMPO_STEP)
        return np.asarray(self.middle_s * np.exp(steps))

    def log_score(self, quarter_s: _Floats) -> _Floats:
        """Log-density, up to a constant."""
        return np.asarray(-0.5 * (np.log(quarter_s / self.middle_s) / self.spread) ** 2)


@dataclass(frozen=True)
class _Heard:
    """One event: when, how long after the one before, and its accents by metrical class."""

    time_s: float
    gap_s: float
    accents: _Floats


@dataclass(frozen=True)
class _Beam:
    """Columns of the living hypotheses.

    Attributes:
        score: log-probability so far.
        tick: place of the newest onset on the grid, counted from the first bar line.
        grid_s: when that tick falls, as the filter sees it.
        period_s: length of a quarter.
        grid_var, cross_var, period_var: the filter's covariance.
        parent: which hypothesis of the step before it grew from.
    """

    score: _Floats
    tick: _Ints
    grid_s: _Floats
    period_s: _Floats
    grid_var: _Floats
    cross_var: _Floats
    period_var: _Floats
    parent: _Ints

    def select(self, chosen: _Ints) -> "_Beam":
        """Keep some hypotheses, in this order."""
        return _Beam(*(getattr(self, column.name)[chosen] for column in fields(self)))


def track_beats(
    events: Sequence[Event],
    meters: Sequence[Meter],
    tempo_bpm: float | None = None,
    habit: BeatTrack | None = None,
    *,
    swung: bool = False,
) -> BeatTrack:
    """Find tempo, metre and the place of every event.

    Args:
        events: chords in order of time; at least one.
        meters: metres to choose from.
        tempo_bpm: beats of the metre in a minute, where the musician has said so.
        habit: an earlier track of the same events, whose tempo and rhythms are expected again.
        swung: whether eighths are expected to swing.
    """
    accents = accent_scores(events)
    times_s = np.array([event.onset_s for event in events])
    sample = slice(None) if len(meters) == 1 else slice(0, _METER_SAMPLE_EVENTS)
    models = [MeterModel(meter, habit.ticks if habit else None, swung=swung) for meter in meters]
    tempos = [_TempoPrior.of(meter, tempo_bpm, habit) for meter in meters]
    tracks = [
        _track(times_s[sample], accents[sample], model, tempo)
        for model, tempo in zip(models, tempos, strict=True)
    ]
    best = max(range(len(meters)), key=lambda index: tracks[index].score)
    if len(tracks[best].ticks) == len(events):
        return tracks[best]
    return _track(times_s, accents, models[best], tempos[best])


def _track(times_s: _Floats, accents: _Floats, model: MeterModel, tempo: _TempoPrior) -> BeatTrack:
    beam = _start(model, accents[0], times_s[0], tempo)
    history = [beam]
    for index in range(1, len(times_s)):
        heard = _Heard(times_s[index], times_s[index] - times_s[index - 1], accents[index])
        beam = _advance(beam, heard, model, tempo)
        history.append(beam)
    where = int(np.argmax(beam.score))
    score = float(beam.score[where])
    ticks = np.zeros(len(times_s), dtype=np.int64)
    periods = np.zeros(len(times_s))
    for index in range(len(times_s) - 1, -1, -1):
        ticks[index] = history[index].tick[where]
        periods[index] = history[index].period_s[where]
        where = int(history[index].parent[where])
    return BeatTrack(
        meter=model.meter,
        ticks=ticks,
        times_s=times_s,
        quarter_s=float(np.median(periods)),
        score=score + _METER_WEIGHT * float(np.log(METER_PRIOR.get(model.meter, 0.01))),
        swung=model.swung,
    )


def _start(model: MeterModel, accents: _Floats, time_s: float, tempo: _TempoPrior) -> _Beam:
    places = np.flatnonzero(np.isfinite(model.first))
    lengths_s = tempo.grid()
    tick = np.tile(places, len(lengths_s))
    period_s = np.repeat(lengths_s, len(places))
    same = np.ones(len(tick))
    return _Beam(
        score=model.first[tick] + accents[model.classes[tick]] + tempo.log_score(period_s),
        tick=tick.astype(np.int64),
        grid_s=same * time_s,
        period_s=period_s,
        grid_var=same * _ONSET_JITTER_S**2,
        cross_var=same * 0.0,
        period_var=(_TEMPO_STEP * period_s) ** 2,
        parent=np.zeros(len(tick), dtype=np.int64),
    )


def _advance(beam: _Beam, heard: _Heard, model: MeterModel, tempo: _TempoPrior) -> _Beam:
    """Grow every hypothesis by one event, and keep the best."""
    # One row per hypothesis, one column per number of ticks gone (0: a rolled chord, same tick).
    middle = np.rint((heard.time_s - beam.grid_s) / beam.period_s * TICKS_PER_QUARTER).astype(
        np.int64
    )
    spread_s = np.sqrt(
        beam.grid_var + beam.period_var * (middle / TICKS_PER_QUARTER) ** 2 + _ONSET_JITTER_S**2
    )
    reach = float(np.max(_WINDOW_SPREADS * spread_s / beam.period_s)) * TICKS_PER_QUARTER
    window = int(np.clip(np.ceil(reach), 4, _MAX_WINDOW_TICKS)) + model.most_late_ticks
    gone = middle[:, None] + np.arange(-window, window + 1)
    step_score = _step_scores(beam.tick, gone, model, rolled=heard.gap_s < _ROLLED_CHORD_S)
    rows, columns = np.nonzero(np.isfinite(step_score))
    grown = beam.select(rows)
    tick = grown.tick + gone[rows, columns]
    quarters = (model.sounding(tick) - model.sounding(grown.tick)) / TICKS_PER_QUARTER
    grown = _follow(grown, quarters, heard.time_s)
    score = (
        grown.score
        + step_score[rows, columns]
        + heard.accents[model.classes[tick % model.meter.bar_ticks]]
        + tempo.pull * tempo.log_score(grown.period_s)
    )
    return _prune(replace(grown, score=score, tick=tick, parent=rows), model.meter.bar_ticks)


def _step_scores(tick: _Ints, gone: _Ints, model: MeterModel, *, rolled: bool) -> _Floats:
    bar = model.meter.bar_ticks
    scores = model.steps[tick[:, None] % bar, np.clip(gone, 0, bar)]
    if gone.max() > bar:
        scores = np.where(gone > bar, model.after_silence((tick[:, None] + gone) % bar), scores)
    return np.where(gone > 0, scores, np.where((gone == 0) & rolled, _ROLLED_CHORD_LOG, -np.inf))


def _follow(beam: _Beam, quarters: _Floats, time_s: float) -> _Beam:
    """Kalman step: the grid moved on by `quarters`, and an onset was heard at `time_s`."""
    gone_s = quarters * beam.period_s
    grid_var = (
        beam.grid_var
        + 2 * quarters * beam.cross_var
        + quarters**2 * beam.period_var
        + _PHASE_DRIFT**2 * gone_s
    )
    cross_var = beam.cross_var + quarters * beam.period_var
    period_var = beam.period_var + (_TEMPO_DRIFT * beam.period_s) ** 2 * gone_s
    surprise_s = time_s - (beam.grid_s + gone_s)
    spread_var = grid_var + _ONSET_JITTER_S**2
    period_s = beam.period_s + cross_var / spread_var * surprise_s
    return replace(
        beam,
        score=beam.score - 0.5 * (surprise_s**2 / spread_var + np.log(spread_var)),
        grid_s=beam.grid_s + gone_s + grid_var / spread_var * surprise_s,
        period_s=np.clip(period_s, 60.0 / _FASTEST_QPM, 60.0 / _SLOWEST_QPM),
        grid_var=grid_var * _ONSET_JITTER_S**2 / spread_var,
        cross_var=cross_var * _ONSET_JITTER_S**2 / spread_var,
        period_var=period_var - cross_var**2 / spread_var,
    )


def _prune(beam: _Beam, bar_ticks: int) -> _Beam:
    """Keep the best hypothesis of each place and tempo, and of those the best."""
    near = np.flatnonzero(beam.score > beam.score.max() - _BEAM_SCORE)
    order = near[np.argsort(-beam.score[near], kind="stable")]
    tempo_bin = np.rint(np.log(beam.period_s[order]) / _TEMPO_STEP).astype(np.int64)
    _, first = np.unique(tempo_bin * bar_ticks + beam.tick[order] % bar_ticks, return_index=True)
    return beam.select(order[np.sort(first)[:_BEAM_WIDTH]])
