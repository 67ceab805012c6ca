"""A written passage as it is played, and as a transcriber hears it.

The beat moves as pianists move it: in the Vienna 4x22 corpus the logarithm of a beat's length
deviates by 0.12 to 0.22, from one beat to the next by 0.13 to 0.24 (W. Goebl, 1999). What the
transcriber loses, adds and lengthens was measured on its output for other recordings.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from symbolic import WrittenNote

from scorewire.music.accents import Event, group_chords
from scorewire.music.beats import BeatTrack
from scorewire.music.meter import TICKS_PER_QUARTER, Meter, MetricalClass
from scorewire.music.notes import Note

LOST_SHARE, GHOST_SHARE = 0.13, 0.06
GHOSTS, GHOST_SHARES = (12, -12), (0.7, 0.3)
LENGTH_BIAS, LENGTH_SPREAD = -0.02, 0.43
HEARING_JITTER_S = 0.008
FREEDOMS = ((0.0, 0.0, 0.001), (0.03, 0.08, 0.006), (0.09, 0.25, 0.012))
"""Least and most deviation of a beat's logarithmic length, and the spread of chords in seconds:
like a machine, steady, free."""

FREEDOM_SHARES = (0.25, 0.3, 0.45)
MEMORY = 0.5
SLOWING, SLOWING_SHARE = 0.35, 0.4

VELOCITY, VELOCITY_SPREAD, FLAT_SHARE = 64, 6.0, 0.15
STRESS, STRESS_SPREAD = 1.5, 1.5
THICK_VELOCITY, BASS_VELOCITY = 0.8, 1.0
"""As the transcriber hears velocities: their spread, and how often it hears none; how much more the
beats of the bar get, which differs between players (J. A. Sloboda, "The communication of musical
metre in piano performance", Quarterly Journal of Experimental Psychology 35A, 1983) - machines give
none; what each further note of a chord adds to all, and how much more the lowest gets."""

STRESSES = {MetricalClass.DOWNBEAT: 1.0, MetricalClass.STRONG_BEAT: 0.5}


@dataclass(frozen=True)
class Heard:
    """What was heard, and where it stands on the page.

    Attributes:
        events: chords as they were heard, in order of time.
        ticks: shape (n_events,): their true places, counted from a bar line.
    """

    events: list[Event]
    ticks: NDArray[np.int64]

    def share_in_place(self, track: BeatTrack, meter: Meter) -> float:
        """Share of the notes that were followed to their place in the bar of the true metre."""
        right = track.ticks % track.meter.bar_ticks == self.ticks % meter.bar_ticks
        return float(np.average(right, weights=[len(event.notes) for event in self.events]))


def perform(
    notes: Sequence[WrittenNote], meter: Meter, qpm: float, rng: np.random.Generator
) -> Heard:
    """Play notes and hear them; onsets count from a bar line and are not negative."""
    end = int(max(note.onset + note.ticks for note in notes)) + 1
    least, most, spread_s = FREEDOMS[rng.choice(len(FREEDOMS), p=FREEDOM_SHARES)]
    ticks, times_s = beat_times(end, meter, qpm, rng.uniform(least, most), rng)
    stress = rng.normal(STRESS, STRESS_SPREAD) if most > 0 else 0.0
    is_flat = rng.random() < FLAT_SHARE
    chords: dict[int, list[int]] = defaultdict(list)
    for note in notes:
        chords[note.onset].append(note.pitch)
    place: dict[Note, int] = {}
    for note in notes:
        if rng.random() < LOST_SHARE:
            continue
        onset_s = float(np.interp(note.onset, ticks, times_s))
        end_s = float(np.interp(note.onset + note.ticks, ticks, times_s))
        onset_s += rng.normal(0, spread_s) + rng.normal(0, HEARING_JITTER_S)
        length_s = (end_s - onset_s) * np.exp(rng.normal(LENGTH_BIAS, LENGTH_SPREAD))
        louder = stress * STRESSES.get(meter.classify(note.onset), 0.0)
        louder += _weight(note.pitch, chords[note.onset]) + rng.normal(0, VELOCITY_SPREAD)
        velocity = VELOCITY if is_flat else round(VELOCITY + louder)
        pitches = [note.pitch]
        if rng.random() < GHOST_SHARE:
            pitches.append(note.pitch + int(rng.choice(GHOSTS, p=GHOST_SHARES)))
        for pitch in pitches:
            off_s = onset_s + max(length_s, 0.04)
            place[Note(onset_s, off_s, min(pitch, 127), velocity)] = note.onset
    events = group_chords(list(place))
    true = [int(np.median([place[note] for note in event.notes])) for event in events]
    return Heard(events, np.array(true, dtype=np.int64))


def _weight(pitch: int, chord: Sequence[int]) -> float:
    """By how much a note of a chord is louder than one that is alone."""
    return THICK_VELOCITY * (len(chord) - 1) + BASS_VELOCITY * (pitch == min(chord))


def beat_times(
    end: int, meter: Meter, qpm: float, freedom: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Ticks of the beats and when they are played; shape (beats,) each."""
    beat = meter.beat_ticks if meter.is_compound else TICKS_PER_QUARTER
    ticks = np.arange(0, end + 2 * beat, beat)
    shocks = rng.normal(0, freedom * np.sqrt(1 - MEMORY**2), len(ticks))
    lengths = np.zeros(len(ticks))
    for index in range(1, len(ticks)):
        lengths[index] = MEMORY * lengths[index - 1] + shocks[index]
    if freedom > FREEDOMS[1][0] and rng.random() < SLOWING_SHARE:
        last = min(4, len(ticks))
        lengths[-last:] += np.linspace(0, SLOWING, last)
    seconds = np.exp(lengths) * 60.0 / qpm * beat / TICKS_PER_QUARTER
    return ticks, 1.0 + np.concatenate([[0.0], seconds[:-1].cumsum()])
