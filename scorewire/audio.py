"""Audio in memory, in the one form that every stage works on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 44_100


@dataclass(frozen=True)
class Audio:
    """A stereo recording.

    Attributes:
        samples: float32, shape (2, n), nominal range -1 to 1.
        sample_rate_hz: always 44,100 after decoding.
    """

    samples: NDArray[np.float32]
    sample_rate_hz: int = SAMPLE_RATE_HZ

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.samples.shape[1] / self.sample_rate_hz)
