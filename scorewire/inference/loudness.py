"""How hard each note was struck, from the sound itself.

basic-pitch's probabilities say how sure it is, not how loud a note is: on rendered pieces they have
no rank correlation with the velocities that were played (-0.01). The level of a note's first
partials just after it begins has 0.48, once the instrument's own balance of high and low is taken
away; that much, a straight line over the pitches, is found in the recording.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_AFTER_S, _WINDOW_S = 0.005, 0.12
"""Where a note's level is taken: after its onset, for as long as most notes last."""
_PARTIALS = 3

_FEWEST_NOTES = 8
"""From how many notes on the balance of high and low can be told."""

_MIDDLE, _DB_PER_DECADE, _FARTHEST_DB = 70.0, 100.0, 25.0
"""Velocity of the middle level; how many decibels make it tenfold; the most that is believed."""

_SILENCE = 1e-12


def find_velocities(
    samples: NDArray[np.float32], rate_hz: int, struck: Sequence[tuple[float, int]]
) -> list[int]:
    """Estimate MIDI velocities, against the other notes of the recording.

    Args:
        samples: mono.
        rate_hz: samples in a second.
        struck: onset in seconds and MIDI pitch of each note.

    Returns:
        A velocity, 1 to 127, for each note; half of them lie above 70.
    """
    if not struck:
        return []
    levels_db = np.array([_level_db(samples, rate_hz, onset, pitch) for onset, pitch in struck])
    pitches = np.array([pitch for _, pitch in struck], dtype=np.float64)
    usual_db = np.zeros_like(levels_db)
    if len(struck) >= _FEWEST_NOTES and np.ptp(pitches) > 0:
        usual_db = np.polyval(np.polyfit(pitches, levels_db, 1), pitches)
    above_db = levels_db - usual_db
    above_db = np.clip(above_db - np.median(above_db), -_FARTHEST_DB, _FARTHEST_DB)
    velocities = np.rint(_MIDDLE * 10 ** (above_db / _DB_PER_DECADE))
    return [int(velocity) for velocity in np.clip(velocities, 1, 127)]


def _level_db(samples: NDArray[np.float32], rate_hz: int, onset_s: float, pitch: int) -> float:
    """Level of a note's first partials just after it begins."""
    start, size = round((onset_s + _AFTER_S) * rate_hz), round(_WINDOW_S * rate_hz)
    heard = samples[start : start + size]
    faded = np.pad(heard, (0, size - len(heard))) * np.hanning(size)
    lowest = 440 * 2 ** ((pitch - 69) / 12) / rate_hz
    partials = lowest * np.arange(1, _PARTIALS + 1)
    turns = np.outer(partials[partials < 1 / 2], np.arange(size))
    energy = np.sum(np.abs(np.exp(-2j * np.pi * turns) @ faded) ** 2) / size**2
    return float(10 * np.log10(energy + _SILENCE))
