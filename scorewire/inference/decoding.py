"""Notes from the posteriors of basic-pitch (Bittner et al., ICASSP 2022).

As the library decodes them: a note begins at a peak of the onset probability, lasts as long as its
frame probability stays up, and takes its own and the neighbouring pitches' probability away from
earlier notes. Six things differ, as measured on rendered pieces:

- A beginning is believed by what follows it too, as the log-odds of both: what strikes and does
  not sound is seldom a note. Onset F1 rises by 0.01.
- The model is less sure of voices, bowed strings and reeds than of what is struck or plucked. What
  is asked of a beginning is lowered with what the surest of the recording have: onset F1 rises by
  0.08 for voices and 0.02 for clarinets, and falls by 0.01 for pianos, whose scores gain by it.
- What begins softly often has two peaks. Of two in less than the shortest note's time the library
  keeps the later one, for the earlier note is then too short; here, where even the surest of the
  recording are clearly doubtful, the first one is the beginning. Onset F1 rises by 0.15 for
  strings, 0.05 for clarinets and 0.04 for trumpets.
- What could be a partial or an undertone of a note that begins with it must be surer than others
  (`ghosts`). Onset F1 rises by 0.05 for guitars and by 0.01 for pianos.
- The library hears a note until its probability has all but gone, which is 30 to 150 ms after the
  key was let go: dampers, rooms and the model's own window make it fade. A note ends where its
  probability falls clearly under what it was. Onset-offset F1 rises by 0.11.
- Nothing is heard that the instrument cannot play (`profiles`).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scorewire.inference.ghosts import Decoded, log_odds, without_ghosts
from scorewire.inference.profiles import Profile

FRAMES_PER_S = 22_050 / 256
"""Frames of the model's output in a second."""
LOWEST_PITCH = 21
"""MIDI number of the model's first bin; there are 88, one a semitone."""

_RELEASE_FRAMES = 11
"""A note is over where this many frames in a row lie under the frame threshold."""

_LOWEST_ONSET = 0.3
"""A beginning less sure than this is none, whatever follows."""

_SUREST_PERCENTILE, _SURE, _MOST_LOWERED = 90, 0.82, 0.8
"""How sure the surest beginnings of a piano are; where they are less so, the threshold is lowered
as much, but not under this share."""

_DOUBTFUL = 0.95
"""Under this share of the threshold, what is heard begins softly. Pianos hardly ever come there."""

_SOUNDING_FRAMES, _SOUNDING_WEIGHT = 12, 0.25
"""How many frames after a beginning speak for it, and how much against the onset itself."""

_LEVEL_PERCENTILE, _END_SHARE = 80, 0.6
"""A note ends where its probability falls under this share of its level."""

_FADE_FRAMES = 2
"""By how much the model's probability falls late."""

_SHORTEST_FRAMES = 4

Matrix = NDArray[np.float32]


def decode_notes(frames: Matrix, onsets: Matrix, profile: Profile) -> list[Decoded]:
    """Pick notes from the model's output, latest first.

    Args:
        frames: probability that a pitch sounds, shape (frames, 88).
        onsets: probability that a pitch begins, same shape.
        profile: thresholds, the shortest note, and what the instrument can play.
    """
    lowest = profile.lowest_pitch
    playable = slice(lowest - LOWEST_PITCH, profile.highest_pitch - LOWEST_PITCH + 1)
    frames, onsets = frames[:, playable], onsets[:, playable]
    shortest = round(profile.minimum_note_ms / 1000 * FRAMES_PER_S)
    last = len(frames) - 1
    silent = frames < profile.frame_threshold
    notes: list[Decoded] = []
    ease = _ease(onsets)
    threshold = profile.onset_threshold * ease
    beginnings = _beginnings(frames, onsets, threshold)
    if ease < _DOUBTFUL:
        beginnings = _strokes(beginnings, shortest)
    for start, pitch in reversed(beginnings):
        end, quiet = start + 1, 0
        while end < last and quiet < _RELEASE_FRAMES:
            quiet = quiet + 1 if silent[end, pitch] else 0
            end += 1
        end -= quiet
        if start >= last or end - start <= shortest:
            continue
        silent[start:end, max(pitch - 1, 0) : pitch + 2] = True
        heard = frames[start:end, pitch]
        end = start + sounding_frames(heard)
        level, onset = float(np.mean(heard)), float(onsets[start, pitch])
        notes.append(Decoded(start, end, pitch + lowest, level, onset))
    played = without_ghosts(notes, threshold)
    return _one_line(played, shortest) if profile.one_line else played


def sounding_frames(heard: NDArray[np.float32]) -> int:
    """How many frames of a note's probability, from its beginning on, lie before its release.

    The likeliest change from sounding to released: the end that gains most over the level between.

    Args:
        heard: probability that the note sounds, at least one frame; it fades at the end.
    """
    released = _END_SHARE * np.percentile(heard, _LEVEL_PERCENTILE)
    held = int(np.argmax(np.cumsum(heard - released))) + 1 - _FADE_FRAMES
    return min(max(held, _SHORTEST_FRAMES), len(heard))


def _beginnings(frames: Matrix, onsets: Matrix, threshold: float) -> list[tuple[int, int]]:
    """Frame and bin of each peak that is sure enough."""
    starts, pitches = _peaks(onsets, min(_LOWEST_ONSET, threshold))
    following = np.minimum(starts[:, None] + np.arange(_SOUNDING_FRAMES), len(frames) - 1)
    sounding = frames[following, pitches[:, None]].mean(axis=1)
    peaks = onsets[starts, pitches]
    sure = log_odds(peaks) + _SOUNDING_WEIGHT * log_odds(sounding)
    chosen = sure >= log_odds(np.array(threshold))
    return list(zip(starts[chosen].tolist(), pitches[chosen].tolist(), strict=True))


def _strokes(beginnings: Sequence[tuple[int, int]], shortest: int) -> list[tuple[int, int]]:
    """Leave out what begins anew before a note of the same pitch could have ended."""
    latest: dict[int, int] = {}
    strokes = []
    for start, pitch in beginnings:
        if pitch not in latest or start - latest[pitch] > shortest:
            strokes.append((start, pitch))
        latest[pitch] = start
    return strokes


def _one_line(notes: Sequence[Decoded], shortest: int) -> list[Decoded]:
    """Leave one note at a time, latest first: a surer one ends another, or takes its place."""
    line: list[Decoded] = []
    for note in sorted(notes, key=lambda note: (note.start, note.pitch)):
        if line and note.start < line[-1].end:
            before = line.pop()
            if _sureness(note) < _sureness(before):
                line.append(before)
                continue
            if note.start - before.start > shortest:
                line.append(replace(before, end=note.start))
        line.append(note)
    return line[::-1]


def _sureness(note: Decoded) -> float:
    return note.onset * note.level


def _peaks(onsets: Matrix, least: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Frames and bins of the strict local maxima in time, from a probability on."""
    inner = onsets[1:-1]
    starts, pitches = np.nonzero((inner > onsets[:-2]) & (inner > onsets[2:]) & (inner >= least))
    return starts + 1, pitches


def _ease(onsets: Matrix) -> float:
    """Share of the threshold to ask for in this recording."""
    peaks = onsets[_peaks(onsets, _LOWEST_ONSET)]
    if len(peaks) == 0:
        return 1.0
    surest = float(np.percentile(peaks, _SUREST_PERCENTILE))
    return min(max(surest / _SURE, _MOST_LOWERED), 1.0)
