"""A beam of places where the newest onset may stand, each with its own idea of the beat.

A Kalman filter over (time of the grid, period) in each, after A. T. Cemgil, B. Kappen, P. Desain
and H. Honing, "On tempo tracking: tempogram representation and Kalman filtering", J. New Music
Research 29(4), 2000.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

TEMPO_STEP = 0.04
"""Relative difference of tempi that are told apart."""

_SLOWEST_QPM, _FASTEST_QPM = 15.0, 500.0
_BEAM_WIDTH = 160
_BEAM_SCORE = 14.0

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Playing:
    """How evenly somebody plays.

    Attributes:
        jitter_s: spread of an onset round its beat.
        phase_drift: relative drift of the beat per root second.
        tempo_drift: relative drift of the tempo per root second.
    """

    jitter_s: float
    phase_drift: float
    tempo_drift: float


@dataclass(frozen=True)
class Beam:
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

    def select(self, chosen: _Ints) -> "Beam":
        """Keep some hypotheses, in this order."""
        return Beam(*(getattr(self, column.name)[chosen] for column in fields(self)))


def follow(beam: Beam, quarters: _Floats, time_s: float, playing: Playing) -> Beam:
    """Kalman step: the grid moved on by `quarters`, and an onset was heard at `time_s`."""
    gone_s = quarters * beam.period_s
    grid_var = (
        beam.grid_var
        + 2 * quarters * beam.cross_var
        + quarters**2 * beam.period_var
        + playing.phase_drift**2 * gone_s
    )
    cross_var = beam.cross_var + quarters * beam.period_var
    period_var = beam.period_var + (playing.tempo_drift * beam.period_s) ** 2 * gone_s
    surprise_s = time_s - (beam.grid_s + gone_s)
    spread_var = grid_var + playing.jitter_s**2
    period_s = beam.period_s + cross_var / spread_var * surprise_s
    return replace(
        beam,
        score=beam.score - 0.5 * (surprise_s**2 / spread_var + np.log(spread_var)),
        grid_s=beam.grid_s + gone_s + grid_var / spread_var * surprise_s,
        period_s=np.clip(period_s, 60.0 / _FASTEST_QPM, 60.0 / _SLOWEST_QPM),
        grid_var=grid_var * playing.jitter_s**2 / spread_var,
        cross_var=cross_var * playing.jitter_s**2 / spread_var,
        period_var=period_var - cross_var**2 / spread_var,
    )


def prune(beam: Beam, bar_ticks: int) -> Beam:
    """Keep the best hypothesis of each place and tempo, and of those the best."""
    near = np.flatnonzero(beam.score > beam.score.max() - _BEAM_SCORE)
    order = near[np.argsort(-beam.score[near], kind="stable")]
    tempo_bin = np.rint(np.log(beam.period_s[order]) / TEMPO_STEP).astype(np.int64)
    _, first = np.unique(tempo_bin * bar_ticks + beam.tick[order] % bar_ticks, return_index=True)
    return beam.select(order[np.sort(first)[:_BEAM_WIDTH]])
