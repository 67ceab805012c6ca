"""How likely a reading of the bars is, from the evidence for it.

A linear sum, and beside it one hidden layer: what a piece of evidence is worth depends on the metre
and on the rest (triplets speak against 4/4 only where nothing divides the beat in two). Learned by
`python evals/learn_bars.py` from music21's corpus: its chorales, chamber and piano music, and the
fiddle tunes of Aird and Ryan, some set for piano. The corpus holds music in the public domain; its
encodings are under their encoders' terms (music21/corpus/license.txt), and none of it is here.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WEIGHTS = Path(__file__).with_suffix(".npz")

_Weights = NDArray[np.float32]


@dataclass(frozen=True)
class BarModel:
    """Weights of the evidence, in the order of `evidence.list_readings`.

    Attributes:
        linear: shape (features,).
        hidden: shape (features, units): what each unit takes in.
        bias: shape (units,).
        output: shape (units,): what each unit's hyperbolic tangent is worth.
        track: shape (): of the beat tracker's log-probability, which takes every onset for
            independent evidence.
    """

    linear: _Weights
    hidden: _Weights
    bias: _Weights
    output: _Weights
    track: _Weights

    def log_odds(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of readings with these features, shape (readings,), up to one constant."""
        units = np.tanh(features @ self.hidden + self.bias)
        return np.asarray(features @ self.linear + units @ self.output, dtype=np.float64)


@cache
def learned_bar_model() -> BarModel:
    """The model that comes with this package."""
    with np.load(WEIGHTS) as weights:
        return BarModel(**weights)
