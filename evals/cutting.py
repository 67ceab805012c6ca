"""Passages as they are learned from: cut, some set for piano, played, heard, followed and read.

Passages are cut at random, half of the tunes and chorales set for piano, played more or less freely
and heard as a transcriber hears them. The beat is followed in what was heard, slips and all. Where
a score does not say its tempo, one is drawn at which its beat is tapped at ease; how many notes a
beat has says next to nothing of it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from accompanying import accompany
from numpy.typing import NDArray
from performing import Heard, perform
from symbolic import Passage, WrittenNote

from scorewire.music.barlines import TRACKED_METERS, gather_onsets, tapped_odds
from scorewire.music.beats import track_beats
from scorewire.music.evidence import list_readings
from scorewire.music.meter import TICKS_PER_QUARTER, Meter

METER_SHARE = {"2/4": 1.0, "3/4": 1.1, "4/4": 1.3, "6/8": 0.9, "3/8": 0.4, "9/8": 0.2}
MIDDLE_BPM, BPM_SPREAD, MARKED_SPREAD = 92.0, 0.25, 0.12
"""Of the beat, with deviations of the logarithm; 3/8 counts as if it had quarters."""

SLOWEST_QPM, FASTEST_QPM = 40, 240
INNER_SHARE, MID_BAR_SHARE = 0.4, 0.25
"""How often a cut begins within the piece, and how often at any beat of its first bar."""

KIND_SHARE = {"others": 1.2, "tune": 1.0, "chorale": 0.5}
SET_SHARE = {"others": 0.1, "tune": 0.5, "chorale": 0.5}
HALVED_SHARE, DOTTED_SHARE = 0.25, 0.25
"""How often a melody is set for piano, a piece in 3/4 then written in 3/8, and one in 4/4 learned
from in 12/8 as well, of which the corpus has next to nothing."""

EVEN, THIRDS = (0, 6, 12, 18, 24), (0, 12, 24, 30, 36)
"""Ticks of a quarter's divisions, and of the same in a dotted beat."""

SAME_LEVEL, OTHER_LEVEL, OTHER_METER = 0.25, 0.2, 0.6
"""How near a tempo is the score's; what the same places are worth at other tempi, in other bars."""

FAIR = 0.3
TRACK_UNIT = 0.01
FEWEST_BARS, MOST_BARS, FEWEST_NOTES = 9, 26, 24
SEED = 0

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """Every reading of one cut, and how much of it each would put on the page rightly.

    Attributes:
        features: shape (readings, features).
        tracked: shape (readings,): the tracker's log-probability, in units of `TRACK_UNIT`.
        tapped: shape (readings,): log-odds by the tempo of the beat.
        worth: shape (readings,): from 0, nothing, to 1.
    """

    features: NDArray[np.float16]
    tracked: NDArray[np.float32]
    tapped: NDArray[np.float32]
    worth: NDArray[np.float32]


class Cuts:
    """Draws cuts so that metres and sources are balanced; a number always gives the same cut."""

    def __init__(self, passages: Sequence[Passage], seed: int = SEED) -> None:
        self._seed = seed
        self._groups: dict[tuple[str, str], list[Passage]] = defaultdict(list)
        for passage in passages:
            meter = "4/4" if passage.meter.name == "2/2" else passage.meter.name
            if meter in METER_SHARE and passage.bars >= FEWEST_BARS - 2:
                self._groups[meter, _kind(passage)].append(passage)
        self._keys = sorted(self._groups)
        shares = np.array(
            [
                METER_SHARE[meter] * KIND_SHARE[kind] * min(1, len(self._groups[meter, kind]) / 12)
                for meter, kind in self._keys
            ]
        )
        self._shares = shares / shares.sum()

    def __getitem__(self, number: int) -> Example:
        """Draw until a cut is long enough to be read."""
        rng = np.random.default_rng([self._seed, number])
        while True:
            example = self._draw(rng, dotted=False)
            if example is not None:
                return example

    def dotted(self, number: int) -> Example | None:
        """The first draw of this number in 12/8, if it is one of those that are put into it."""
        return self._draw(np.random.default_rng([self._seed, number]), dotted=True)

    def _draw(self, rng: np.random.Generator, *, dotted: bool) -> Example | None:
        meter, kind = self._keys[rng.choice(len(self._keys), p=self._shares)]
        members = self._groups[meter, kind]
        passage = members[rng.integers(len(members))]
        return _example(passage, kind, Meter.parse(meter), rng, dotted=dotted)


def _kind(passage: Passage) -> str:
    folder = passage.source.partition("/")[0]
    return "chorale" if folder == "bach" else "tune" if "#" in passage.source else "others"


def _example(
    passage: Passage, kind: str, meter: Meter, rng: np.random.Generator, *, dotted: bool
) -> Example | None:
    bars = int(rng.integers(FEWEST_BARS, MOST_BARS))
    first = 0
    if passage.bars > bars and rng.random() < INNER_SHARE:
        first = int(rng.integers(0, passage.bars - bars))
    start, end = first * meter.bar_ticks if first else -1, (first + bars) * meter.bar_ticks
    notes = [note for note in passage.notes if start <= note.onset < end]
    if len(notes) < FEWEST_NOTES:
        return None
    is_set = rng.random() < SET_SHARE[kind]
    is_put = is_set and meter.name == "4/4" and rng.random() < DOTTED_SHARE
    if dotted and not is_put:
        return None
    if dotted:
        meter, notes = Meter(12, 8), [_dotted(note) for note in notes]
    if is_set:
        notes = accompany(notes, meter, rng)
        if meter.name == "3/4" and rng.random() < HALVED_SHARE:
            meter = Meter(3, 8)
            notes = [replace(note, onset=note.onset // 2, ticks=note.ticks / 2) for note in notes]
    if rng.random() < MID_BAR_SHARE:
        beats = meter.bar_ticks // meter.beat_ticks
        start = first * meter.bar_ticks + int(rng.integers(beats)) * meter.beat_ticks
        notes = [note for note in notes if note.onset >= start]
    qpm = _tempo(passage, meter, rng)
    before = max(0, first) * meter.bar_ticks
    heard = perform([replace(note, onset=note.onset - before) for note in notes], meter, qpm, rng)
    if len(heard.events) < FEWEST_NOTES:
        return None
    found = [_read(heard, tracked, meter, qpm) for tracked in TRACKED_METERS]
    features, *others = (np.concatenate(parts) for parts in zip(*found, strict=True))
    tracked, tapped, worth = (part.astype(np.float32) for part in others)
    if worth.max() < FAIR:
        return None
    return Example(features.astype(np.float16), tracked, tapped, worth)


def _dotted(note: WrittenNote) -> WrittenNote:
    """A note of simple time in dotted beats."""
    beat, within = divmod(note.onset, TICKS_PER_QUARTER)
    longer = THIRDS[-1] / TICKS_PER_QUARTER
    onset = beat * THIRDS[-1] + round(np.interp(within, EVEN, THIRDS))
    return replace(note, onset=onset, ticks=note.ticks * longer)


def _read(heard: Heard, tracked: Meter, meter: Meter, qpm: float) -> tuple[_Floats, ...]:
    """Follow the beat in one metre and list the readings, with what each would be worth."""
    track = track_beats(heard.events, tracked)
    onsets = gather_onsets(track, heard.events)
    readings, features = list_readings(onsets)
    sizes = np.array([len(event.notes) for event in heard.events], dtype=np.float64)
    true = heard.ticks % meter.bar_ticks
    worth = np.zeros(len(readings))
    for index, reading in enumerate(readings):
        ticks = np.rint((track.ticks - track.ticks[0]) * float(reading.scale)).astype(np.int64)
        right = (ticks + reading.phase) % reading.meter.bar_ticks == true
        share = float(sizes @ right / sizes.sum())
        written_qpm = onsets.qpm * float(reading.scale)
        level = 1.0 if abs(np.log(written_qpm / qpm)) < SAME_LEVEL else OTHER_LEVEL
        worth[index] = share * level * (1.0 if reading.meter == meter else OTHER_METER)
    scores = np.full(len(readings), track.score * TRACK_UNIT)
    return features, scores, tapped_odds(onsets, readings), worth


def _tempo(passage: Passage, meter: Meter, rng: np.random.Generator) -> float:
    marked = passage.qpm if passage.meter == meter else None
    if marked is not None and SLOWEST_QPM <= marked <= FASTEST_QPM:
        middle, spread = marked, MARKED_SPREAD
    else:
        middle, spread = MIDDLE_BPM * (1.5 if meter.is_compound else 1.0), BPM_SPREAD
    return float(np.clip(middle * np.exp(rng.normal(0, spread)), SLOWEST_QPM, FASTEST_QPM))
