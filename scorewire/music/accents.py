"""Which onsets sound strong: chords, bass notes and long notes fall on strong beats.

The cues are those of F. Lerdahl and R. Jackendoff, "A Generative Theory of Tonal Music" (1983),
metrical preference rules 3 (event), 5 (length) and 6 (bass).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorewire.music.notes import Note

CHORD_GAP_S = 0.035
"""Notes that start closer than this to the first of a chord belong to it."""

_CHORD_SIZE_LOG_ODDS = np.array([
    [-1.4, -0.4, 0.3, 0.7],
    [-0.9, -0.2, 0.4, 0.5],
    [-0.4, 0.0, 0.2, 0.3],
    [0.1, 0.3, 0.0, -0.6],
    [0.5, 0.1, -0.6, -1.0],
    [0.8, -0.7, -1.4, -2.0],
    [0.8, -0.7, -1.4, -2.0],
])  # fmt: skip
"""By metrical class; one, two, three, or more pitches together."""

_BASS_LOG_ODDS = np.array([
    [-0.3, 0.5, 0.6],
    [-0.3, 0.7, 0.6],
    [0.0, 0.1, 0.2],
    [0.1, 0.1, -0.4],
    [0.2, -0.5, -1.0],
    [0.1, -0.3, -0.4],
    [0.1, -0.3, -0.4],
])  # fmt: skip
"""By metrical class; no step down in the lowest voice, a step down, a low note between higher."""

_LENGTH_LOG_ODDS = np.array([
    [-0.5, 0.5, 1.0],
    [-0.2, 0.3, 0.5],
    [-0.1, 0.4, -0.4],
    [0.1, -0.3, -1.2],
    [0.3, -1.4, -1.6],
    [0.0, -0.6, 0.0],
    [0.0, -0.6, 0.0],
])  # fmt: skip
"""By metrical class; held until the next onset, for about two of them, for longer."""


_HARMONY_LOG_ODDS = np.array([
    [-0.3, -0.1, 0.2, 0.5],
    [0.0, 0.0, 0.1, 0.1],
    [0.1, 0.0, -0.2, 0.0],
    [0.0, 0.0, 0.0, -0.4],
    [0.1, 0.1, -0.2, 0.0],
    [0.0, 0.0, -0.1, 0.2],
    [0.0, 0.0, -0.1, 0.2],
])  # fmt: skip
"""By metrical class; how far the pitch classes change, from less than usual to much more.

The four tables are log-odds against all places, rounded by hand from counts over music21's corpus.
"""

_CUE_WEIGHT = 0.8
"""The cues overlap; their full sum would count the same evidence twice."""

_BASS_STEP_SEMITONES = 2
_LENGTH_EDGES = (1.6, 3.2)
_HARMONY_EDGES = (-0.5, 0.5, 1.5)
_HARMONY_GAPS = 3
_DECIMALS = 6
_MAX_CHORD_CLASS = 3
_PITCH_CLASSES = 12
_POLYPHONIC = 1.3


@dataclass(frozen=True)
class Event:
    """Notes that are struck together.

    Attributes:
        onset_s: median of the notes' onsets.
        notes: the notes, lowest first.
    """

    onset_s: float
    notes: tuple[Note, ...]


def group_chords(notes: Sequence[Note]) -> list[Event]:
    """Gather notes that are struck together, in order of time."""
    groups: list[list[Note]] = []
    for note in sorted(notes, key=lambda n: (n.onset_s, n.pitch, n.offset_s, n.velocity)):
        if groups and note.onset_s - groups[-1][0].onset_s < CHORD_GAP_S:
            groups[-1].append(note)
        else:
            groups.append([note])
    return [
        Event(
            float(np.median([note.onset_s for note in group])),
            tuple(sorted(group, key=lambda n: (n.pitch, n.onset_s, n.offset_s))),
        )
        for group in groups
    ]


def accent_scores(events: Sequence[Event]) -> NDArray[np.float64]:
    """Score how well each event sits on each kind of place.

    Returns:
        Log-odds, shape (n_events, number of metrical classes).
    """
    lowest = np.array([event.notes[0].pitch for event in events])
    sizes = np.array([len({note.pitch for note in event.notes}) for event in events])
    times_s = np.array([event.onset_s for event in events])
    lengths_s = np.array([max(n.offset_s - n.onset_s for n in event.notes) for event in events])
    before = np.concatenate([lowest[:1], lowest[:-1]])
    after = np.concatenate([lowest[1:], lowest[-1:]])
    falls = lowest < before - _BASS_STEP_SEMITONES
    bass = np.where(
        falls & (lowest < after - _BASS_STEP_SEMITONES),
        2,
        np.where(falls & (lowest <= after), 1, 0),
    )
    gaps_s = np.diff(times_s, append=times_s[-1] + 1.0)
    length = np.digitize(lengths_s / np.maximum(gaps_s, 1e-3), _LENGTH_EDGES)
    changes = _harmony_changes(events, times_s).round(_DECIMALS)  # the same in any key
    harmony = np.digitize(changes, _HARMONY_EDGES)
    scores = _BASS_LOG_ODDS[:, bass] + _LENGTH_LOG_ODDS[:, length] + _HARMONY_LOG_ODDS[:, harmony]
    if sizes.mean() > _POLYPHONIC:  # one voice alone says nothing by the size of its chords
        scores = scores + _CHORD_SIZE_LOG_ODDS[:, np.minimum(sizes - 1, _MAX_CHORD_CLASS)]
    return np.asarray(_CUE_WEIGHT * scores.T, dtype=np.float64)


def _harmony_changes(events: Sequence[Event], times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much the pitch classes around each event change: standard scores, shape (n_events,)."""
    sounding = np.zeros((len(events) + 1, _PITCH_CLASSES))
    for index, event in enumerate(events):
        np.add.at(sounding[index + 1], [note.pitch % _PITCH_CLASSES for note in event.notes], 1)
    counts = sounding.cumsum(axis=0)
    gap_s = float(np.median(np.diff(times_s))) if len(events) > 1 else 1.0
    here = np.arange(len(events))
    start = np.searchsorted(times_s, times_s - _HARMONY_GAPS * gap_s)
    end = np.searchsorted(times_s, times_s + _HARMONY_GAPS * gap_s)
    before, after = counts[here] - counts[start], counts[end] - counts[here]
    norm = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    change = 1 - (before * after).sum(axis=1) / np.maximum(norm, 1.0)
    change = np.where(norm > 0, change, change[norm > 0].mean() if (norm > 0).any() else 0.0)
    spread = float(change.std())
    return np.asarray((change - change.mean()) / spread if spread > 0 else change * 0.0)
