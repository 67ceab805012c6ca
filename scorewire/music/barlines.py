"""Which reading of the beat is right: its level, the metre, and where the bar lines fall.

All readings of the whole piece compete; `evidence` describes them, `bar_model` says what that is
worth. Scores seldom say their tempo, so besides what was learned the beat is expected near the
tempi that people like to tap. The beat tracker's own choice is one reading among them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import compress, groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from scorewire.music.accents import Event
from scorewire.music.bar_model import learned_bar_model
from scorewire.music.beats import FEWEST_ONSETS, BeatTrack, track_beats
from scorewire.music.evidence import READ_METERS, SCALES, Onsets, Reading, list_readings
from scorewire.music.meter import TICKS_PER_QUARTER, Meter
from scorewire.music.swing import swings

_MOST_ONSETS = 400
"""Enough to tell; the rest of a long recording follows."""

_DECIMALS = 6

_TAPPED_BPM, _TAPPED_SPREAD = 100.0, 0.25
"""Median and deviation (of the logarithm) of the beat's tempo. The median is that of R. Parncutt,
"A perceptual model of pulse salience and metrical accent", Music Perception 11(4), 1994: 600 ms."""

_LESS_COMMON = {Meter(2, 4): -0.3}
"""Log-odds of metres that are seldomer, against 4/4, than among what the weights were learned from:
there three for four of 4/4, by `beats.METER_PRIOR` four for seven."""

TRACKED_METERS = (Meter(4, 4), Meter(3, 4), Meter(6, 8))
"""Metres in which the beat is followed before bars are read; the others divide time as these do."""

_QUICKEST_QPM = 163.0
"""Of quicker quarters every other one is likelier to be tapped, by the same measure, even though
4/4 is five times as common as 2/2: they are written as halves."""

SWUNG_METERS = (Meter(4, 4), Meter(3, 4))
"""Swing in two is written in four."""

_NEAR_ODDS = 4.0
"""How far behind the likeliest a reading may be to have the beat followed in it once more."""


@dataclass(frozen=True)
class _Followed:
    """A performance that was followed, and its likeliest reading.

    Attributes:
        track: as it was followed.
        read: as it is to be written.
        was_read: whether there were enough onsets to read.
        odds: log-odds of both, up to a constant.
    """

    track: BeatTrack
    read: BeatTrack
    was_read: bool
    odds: float


@dataclass(frozen=True)
class _Follower:
    """Follows and reads some events, given what the musician has said."""

    events: Sequence[Event]
    meter: Meter | None
    tempo_bpm: float | None

    def follow(self, meter: Meter, *, swung: bool = False) -> _Followed:
        return self._read(track_beats(self.events, meter, self.tempo_bpm, swung=swung))

    def follow_again(self, habit: BeatTrack) -> _Followed:
        return self._read(
            track_beats(self.events, habit.meter, self.tempo_bpm, habit, swung=habit.swung)
        )

    def _read(self, track: BeatTrack) -> _Followed:
        tempo_known = self.tempo_bpm is not None
        read, score = read_bars(track, self.events, meter=self.meter, tempo_known=tempo_known)
        worth = float(learned_bar_model().track)
        return _Followed(track, read, score != 0.0, score + worth * track.score)


def follow_beat(
    events: Sequence[Event],
    meter: Meter | None = None,
    tempo_bpm: float | None = None,
    *,
    swung: bool | None = None,
) -> BeatTrack:
    """Find tempo, metre, bar lines and the place of every event.

    The beat is followed in several metres, straight and swung, and each result is read; then, in
    the likeliest readings, followed again with the rhythms that were found in them, which carries
    it over places where the tempo gives way, and read once more; the likeliest of these is taken.

    Args:
        events: chords in order of time; at least one.
        meter: the metre, where the musician has said so.
        tempo_bpm: beats of the metre in a minute, where the musician has said so.
        swung: whether eighths swing, where the musician has said so; they do not in metres that
            count eighths.
    """
    sample = _Follower(events[:_MOST_ONSETS], meter, tempo_bpm)
    meters = TRACKED_METERS if meter is None else (meter,)
    may_swing = swung is not False and meters[0].unit_ticks >= TICKS_PER_QUARTER
    found = [] if swung and may_swing else [sample.follow(tracked) for tracked in meters]
    if may_swing:
        late = sample.follow(meters[0], swung=True)
        if not found or (late.was_read and swings(late.track)):
            found = [late]
    # Tracks that expect rhythms of their own cannot be compared where nothing was read.
    reach = _NEAR_ODDS if any(first.was_read for first in found) else 0.0
    least = max(first.odds for first in found) - reach
    near = _distinct([first.read for first in found if first.odds >= least])
    again = [sample.follow_again(first) for first in near]
    best = max(range(len(again)), key=lambda index: again[index].odds)
    read = again[best].read
    if len(sample.events) < len(events):
        read = _Follower(events, meter, tempo_bpm).follow_again(near[best]).read
    return read if meter or tempo_bpm else count_halves(read)


def _distinct(reads: Sequence[BeatTrack]) -> list[BeatTrack]:
    """Leave out what is read alike: the metres that a beat is followed in often agree."""
    return list({(read.meter, read.playing, read.ticks.tobytes()): read for read in reads}.values())


def count_halves(track: BeatTrack) -> BeatTrack:
    """Write four straight quarters that are too quick to be tapped as two halves."""
    if track.swung or track.meter != Meter(4, 4) or track.quarter_s >= 60.0 / _QUICKEST_QPM:
        return track
    return replace(track, meter=Meter(2, 2))


def read_bars(
    track: BeatTrack, events: Sequence[Event], *, meter: Meter | None, tempo_known: bool
) -> tuple[BeatTrack, float]:
    """Choose the level of the beat, the metre and the bar lines of a followed performance.

    Args:
        track: where every event stands, up to level, metre and bar line.
        events: what was tracked.
        meter: the metre, where the musician has said so.
        tempo_known: whether the beat's length is settled.

    Returns:
        The track as it is to be written, and the log-odds of that reading, up to a constant.
    """
    onsets = gather_onsets(track, events)
    if len(onsets.ticks) < FEWEST_ONSETS:
        return track, 0.0
    meters: Sequence[Meter] = READ_METERS if meter is None else (meter,)
    if track.swung and meter is None:
        meters = SWUNG_METERS
    if tempo_known:
        meters = [other for other in meters if other.beat_ticks == track.meter.beat_ticks]
    # Only eighths swing, so that the level of a swung beat is settled.
    scales = (Fraction(1),) if tempo_known or track.swung else SCALES
    readings, features = list_readings(onsets, meters, scales)
    if track.swung:  # which eighths come late says where the beats are
        is_on_beat = [_keeps_beats(track, reading) for reading in readings]
        readings, features = list(compress(readings, is_on_beat)), features[is_on_beat]
    if not readings:
        return track, 0.0
    # Rounded, so that of equal readings the first is taken whatever the order of sums.
    odds = learned_bar_model().log_odds(features) + tapped_odds(onsets, readings)
    scores = (odds + _common_odds(readings)).round(_DECIMALS)
    best = int(np.argmax(scores))
    return _read(track, readings[best]), float(scores[best])


def _keeps_beats(track: BeatTrack, reading: Reading) -> bool:
    """Whether the first onset stays in its half of the beat."""
    half = TICKS_PER_QUARTER // 2
    return (reading.phase - int(track.ticks[0]) // half * half) % TICKS_PER_QUARTER == 0


def gather_onsets(track: BeatTrack, events: Sequence[Event]) -> Onsets:
    """Gather what is struck at each tick."""
    tick_s = track.quarter_s / TICKS_PER_QUARTER
    placed = zip(track.ticks[:_MOST_ONSETS].tolist(), events, strict=False)
    struck = {
        tick: [note for _, event in group for note in event.notes]
        for tick, group in groupby(placed, key=itemgetter(0))
    }
    chords = list(struck.values())
    return Onsets(
        np.array(list(struck), dtype=np.int64),
        [[note.pitch for note in chord] for chord in chords],
        [[max((n.offset_s - n.onset_s) / tick_s, 1.0) for n in chord] for chord in chords],
        np.array([max(note.velocity for note in chord) for chord in chords], dtype=np.float64),
        60.0 / track.quarter_s,
    )


def tapped_odds(onsets: Onsets, readings: Sequence[Reading]) -> NDArray[np.float64]:
    """Log-odds of each reading by the tempo of its beat alone, shape (readings,)."""
    beats = [TICKS_PER_QUARTER * float(r.scale) / r.meter.beat_ticks for r in readings]
    off = np.log(onsets.qpm * np.array(beats) / _TAPPED_BPM) / _TAPPED_SPREAD
    return np.asarray(-(off**2) / 2)


def _common_odds(readings: Sequence[Reading]) -> NDArray[np.float64]:
    """Log-odds of each reading's metre against what was learned from, shape (readings,)."""
    return np.array([_LESS_COMMON.get(reading.meter, 0.0) for reading in readings])


def _read(track: BeatTrack, reading: Reading) -> BeatTrack:
    ticks = np.rint((track.ticks - track.ticks[0]) * float(reading.scale)).astype(np.int64)
    return replace(
        track,
        meter=reading.meter,
        ticks=ticks + reading.phase,
        quarter_s=track.quarter_s / float(reading.scale),
    )
