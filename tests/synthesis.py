"""Small recordings with known notes, made when they are needed."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 44_100
HARMONICS = 6
DECAY_PER_S = 2.5
RELEASE_S = 0.02


class Played(NamedTuple):
    """A note to be played: seconds and MIDI number."""

    onset_s: float
    duration_s: float
    pitch: int


def pluck(notes: Sequence[Played], *, tail_s: float = 0.5) -> NDArray[np.float32]:
    """Play notes on a plucked string: decaying harmonics, shape (2, n), 44.1 kHz."""
    end_s = max(note.onset_s + note.duration_s for note in notes) + tail_s
    mix = np.zeros(int(end_s * SAMPLE_RATE_HZ))
    for note in notes:
        time_s = np.arange(int(note.duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
        frequency_hz = 440.0 * 2 ** ((note.pitch - 69) / 12)
        tone = sum(
            np.sin(2 * np.pi * frequency_hz * k * time_s) / k**1.5
            for k in range(1, HARMONICS + 1)
            if frequency_hz * k < SAMPLE_RATE_HZ / 2
        )
        fade = np.minimum(1.0, (note.duration_s - time_s) / RELEASE_S)
        start = int(note.onset_s * SAMPLE_RATE_HZ)
        mix[start : start + time_s.size] += tone * np.exp(-DECAY_PER_S * time_s) * fade
    mix *= 0.5 / np.abs(mix).max()
    return np.stack([mix, mix]).astype(np.float32)


def study(seed: int, *, length: int = 12) -> list[Played]:
    """A line of quavers at 120 in C major; every seed is another line."""
    scale = [60, 62, 64, 65, 67, 69, 71, 72]
    steps = np.random.default_rng(seed).integers(0, len(scale), length)
    return [Played(0.25 * i, 0.24, scale[step]) for i, step in enumerate(steps)]


def write_study(path: Path, seed: int) -> Path:
    """Record a study as a file."""
    soundfile.write(path, pluck(study(seed)).T, SAMPLE_RATE_HZ)
    return path
