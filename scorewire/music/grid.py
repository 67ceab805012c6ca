"""Played notes to notes on the metre's grid, and the grid's places to times."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorewire.music.beats import BeatTrack
from scorewire.music.divisions import Divisions
from scorewire.music.meter import TICKS_PER_QUARTER
from scorewire.music.notes import Note
from scorewire.music.swing_timing import sounding_tick, written_tick


@dataclass(frozen=True)
class GridNote:
    """A note on the grid, its end still as played.

    Attributes:
        onset: tick of its start.
        end: tick of its end as played, not rounded; greater than `onset`.
        pitch: MIDI note number.
        velocity: MIDI velocity.
    """

    onset: int
    end: float
    pitch: int
    velocity: int


class Grid:
    """Ticks and seconds of one recording, with tick 0 on the first bar line.

    Attributes:
        meter: the metre.
        first_onset: tick of the first note; bars before it are cut away.
        quarter_s: median length of a quarter, in seconds.
        swung: whether off-beat eighths sound later than they are written.
        divisions: where triplets are.

    Args:
        track: where every event stands; the first one in the first bar.
        divisions: where triplets are.
        starts_s: shape (n_events,): when the first note of each event starts.
    """

    def __init__(
        self,
        track: BeatTrack,
        divisions: Divisions,
        starts_s: NDArray[np.float64],
    ) -> None:
        self.meter = track.meter
        self.swung = track.swung
        self.divisions = divisions
        self._straight_beats = divisions.triplet_quarters()
        self._event_ticks = track.ticks
        self._starts_s = starts_s
        self.first_onset = int(self._event_ticks[0])
        self.quarter_s = track.quarter_s
        # Time passes evenly in what sounds, not in what is written.
        written, first = np.unique(self._event_ticks, return_index=True)
        self._anchor_ticks = np.array([self.sounding(int(tick)) for tick in written])
        self._anchor_s = track.times_s[first]

    def onset(self, onset_s: float) -> int:
        """Tick of the event that a note started with."""
        event = int(np.searchsorted(self._starts_s, onset_s, side="right")) - 1
        return int(self._event_ticks[max(event, 0)])

    def sounding(self, tick: float) -> float:
        """Where a written place sounds: later, if it is a swung off-beat."""
        return sounding_tick(tick, straight_beats=self._straight_beats) if self.swung else tick

    def ticks_at(self, time_s: float) -> float:
        """Written place of a time; after the notes, the grid goes on at the median tempo."""
        tick = self.sounding_at(time_s)
        return written_tick(tick, straight_beats=self._straight_beats) if self.swung else tick

    def sounding_at(self, time_s: float) -> float:
        """Place of a time before it is written; after the notes, on at the median tempo."""
        ticks, times = self._anchor_ticks, self._anchor_s
        rate = TICKS_PER_QUARTER / self.quarter_s
        if time_s >= times[-1]:
            return float(ticks[-1] + (time_s - times[-1]) * rate)
        return float(np.interp(time_s, times, ticks))

    def time_at(self, tick: float) -> float:
        """Time of a written place; outside the notes, the grid goes on at the median tempo."""
        return self.time_of(self.sounding(tick))

    def time_of(self, sounding: float) -> float:
        """Time of a place where something sounds, as of a beat; outside as `time_at`."""
        ticks, times = self._anchor_ticks, self._anchor_s
        rate_s = self.quarter_s / TICKS_PER_QUARTER
        if sounding <= ticks[0]:
            return float(times[0] - (ticks[0] - sounding) * rate_s)
        if sounding >= ticks[-1]:
            return float(times[-1] + (sounding - ticks[-1]) * rate_s)
        return float(np.interp(sounding, ticks, times))

    def place(self, notes: Sequence[Note]) -> list[GridNote]:
        """Put one part's notes on the grid, in order of onset and pitch.

        Notes of one pitch at one tick become one note, and a note ends where its pitch is struck
        again.
        """
        placed: dict[tuple[int, int], GridNote] = {}
        for note in sorted(notes, key=lambda n: (n.onset_s, n.pitch, n.offset_s, n.velocity)):
            onset = self.onset(note.onset_s)
            end = max(self.ticks_at(note.offset_s), onset + 1.0)
            twin = placed.get((onset, note.pitch))
            velocity = note.velocity
            if twin is not None:
                end, velocity = max(end, twin.end), max(velocity, twin.velocity)
            placed[onset, note.pitch] = GridNote(onset, end, note.pitch, velocity)
        struck_again: dict[int, int] = {}
        result: list[GridNote] = []
        for (onset, pitch), note_ in sorted(placed.items(), reverse=True):
            end = min(note_.end, struck_again.get(pitch, float("inf")))
            result.append(GridNote(onset, end, pitch, note_.velocity))
            struck_again[pitch] = onset
        return result[::-1]
