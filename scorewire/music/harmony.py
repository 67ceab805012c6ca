"""Chord symbols: the piece is cut into spans, each of which one chord explains.

Source: B. Pardo and W. P. Birmingham, "Algorithms for chordal analysis", Computer Music Journal
26(2), 2002: chords are templates, for which notes speak that belong to them and against which speak
those that do not, as well as tones that are missing; dynamic programming finds the cut that is
best as a whole. Here spans begin on beats, rather on strong ones, and the bass speaks for the root.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from scorewire.music.key import name_at
from scorewire.music.meter import Meter, MetricalClass
from scorewire.music.notes import ScoreNote
from scorewire.music.spelling import Spelling

_PITCH_CLASSES = 12

_TONES: dict[str, dict[int, int]] = {
    "major": {0: 0, 4: 4, 7: 1},
    "minor": {0: 0, 3: -3, 7: 1},
    "dominant": {0: 0, 4: 4, 7: 1, 10: -2},
    "major-seventh": {0: 0, 4: 4, 7: 1, 11: 5},
    "minor-seventh": {0: 0, 3: -3, 7: 1, 10: -2},
    "diminished": {0: 0, 3: -3, 6: -6},
    "half-diminished": {0: 0, 3: -3, 6: -6, 10: -2},
    "diminished-seventh": {0: 0, 3: -3, 6: -6, 9: -9},
    "augmented": {0: 0, 4: 4, 8: 8},
}
"""Of each kind, as MusicXML calls it: semitones over the root, and fifths on the line of fifths."""

_SYMMETRIC = frozenset({"diminished-seventh", "augmented"})
"""Every tone of these may be the root, and the bass is."""

_RARITY = {
    "major": 0.0, "minor": 0.0, "dominant": 0.0, "major-seventh": 1.4, "minor-seventh": 0.8,
    "diminished": 0.2, "half-diminished": 0.9, "diminished-seventh": 0.6, "augmented": 1.2,
}  # fmt: skip
"""What a kind costs. Like all that follows in beats for which a note sounds, and chosen with every
fourth sonata movement and every second chorale of those that docs/score.md names."""

_FOREIGN = -1.3
_GAINS = (1.0, 1.0, 1.0, 0.3)
_BASS = 0.5
_MISSING = (0.8, 1.2, 0.2, 0.6)
"""Of root, third, fifth and seventh, where they sound and where they do not."""

_CHANGE = {MetricalClass.DOWNBEAT: 0.2, MetricalClass.STRONG_BEAT: 0.4}
_WEAK_CHANGE = 0.65
_LONGEST_BARS, _LONGEST_BEATS = 2, 8
"""Longer spans are joined from equal ones."""

_FEWEST_TONES = 2
_DECIMALS = 9


@dataclass(frozen=True)
class ChordSymbol:
    """A chord, from its place to the next one.

    Attributes:
        onset: tick of the beat on which it begins.
        root: name of the root, e.g. `"Bb"`.
        kind: MusicXML's word for it, e.g. `"minor-seventh"`.
        bass: name of the lowest note, where that is not the root.
    """

    onset: int
    root: str
    kind: str
    bass: str | None


@dataclass(frozen=True)
class _Span:
    """Beats that one chord explains: from `start` up to `end`."""

    start: int
    end: int
    root: int
    kind: str


def find_chords(spellings: Mapping[ScoreNote, Spelling], meter: Meter) -> tuple[ChordSymbol, ...]:
    """Find the chords of a piece.

    Where fewer than two tones of a chord sound, none is named.

    Args:
        spellings: the notes of all pitched parts and their written names; at least one note.
        meter: chords change on its beats.
    """
    heard = _Beats(list(spellings), meter)
    symbols: list[ChordSymbol] = []
    for span in _cut(heard, meter):
        symbol = _name(span, heard, spellings)
        if symbol is None:
            continue
        if not symbols or (symbols[-1].root, symbols[-1].kind) != (symbol.root, symbol.kind):
            symbols.append(symbol)
    return tuple(symbols)


class _Beats:
    """What sounds in each beat from the first bar line on.

    Attributes:
        first_onset: tick of the first note.
        sounding: shape (beats, 12): for what share of the beat a pitch class sounds.
        lowest: shape (beats,): lowest MIDI pitch; -1 where nothing sounds.
        notes: the notes of each beat.
    """

    def __init__(self, notes: Sequence[ScoreNote], meter: Meter) -> None:
        self._beat = meter.beat_ticks
        self.first_onset = min(note.onset for note in notes)
        self._origin = self.first_onset // meter.bar_ticks * meter.bar_ticks
        count = -(-(max(note.end for note in notes) - self._origin) // self._beat)
        self.sounding = np.zeros((count, _PITCH_CLASSES))
        self.lowest = np.full(count, -1)
        self.notes: list[list[ScoreNote]] = [[] for _ in range(count)]
        for note in sorted(notes, key=lambda n: n.pitch, reverse=True):
            start, end = note.onset - self._origin, note.end - self._origin
            for beat in range(start // self._beat, -(-end // self._beat)):
                inside = min(end, (beat + 1) * self._beat) - max(start, beat * self._beat)
                self.sounding[beat, note.pitch % _PITCH_CLASSES] += inside / self._beat
                self.lowest[beat] = note.pitch
                self.notes[beat].append(note)
        self.sounding = np.minimum(self.sounding, 1.0)

    def tick(self, beat: int) -> int:
        """Where a beat begins."""
        return self._origin + beat * self._beat


def _cut(heard: _Beats, meter: Meter) -> list[_Span]:
    """Cut the piece so that chords and notes agree best."""
    lowest = min(note.pitch for notes in heard.notes for note in notes)
    # Counted from a note of the piece: of equal chords the same one is taken in any key.
    roots_in_order = [(lowest + above) % _PITCH_CLASSES for above in range(_PITCH_CLASSES)]
    chords = [(root, kind) for kind in _TONES for root in roots_in_order]
    gains = np.full((_PITCH_CLASSES, len(chords)), _FOREIGN)
    losses = np.zeros((_PITCH_CLASSES, len(chords)))
    roots = np.zeros((_PITCH_CLASSES, len(chords)))
    for index, (root, kind) in enumerate(chords):
        for place, tone in enumerate(_TONES[kind]):
            gains[(root + tone) % _PITCH_CLASSES, index] = _GAINS[place]
            losses[(root + tone) % _PITCH_CLASSES, index] = _MISSING[place]
        roots[root, index] = _BASS
    rarity = np.array([_RARITY[kind] for _, kind in chords])
    fitting = heard.sounding @ gains + (heard.lowest >= 0)[:, None] * roots[heard.lowest % 12]
    beats = len(fitting)
    total = np.vstack([np.zeros(len(chords)), fitting.cumsum(axis=0)])
    present = np.vstack([np.zeros(_PITCH_CLASSES), (heard.sounding > 0).cumsum(axis=0)])
    change = np.array(
        [
            _CHANGE.get(meter.classify(beat * meter.beat_ticks), _WEAK_CHANGE)
            for beat in range(beats)
        ]
    )
    longest = max(_LONGEST_BEATS, _LONGEST_BARS * meter.bar_ticks // meter.beat_ticks)
    best = np.zeros(beats + 1)
    spans: list[_Span | None] = [None] * (beats + 1)
    for end in range(1, beats + 1):
        starts = np.arange(max(0, end - longest), end)
        missing = (present[end] == present[starts]) @ losses
        worth = total[end] - total[starts] - missing - rarity
        worth += (best[starts] - change[starts])[:, None]
        worth = worth.round(_DECIMALS)
        start, chord = np.unravel_index(worth.argmax(), worth.shape)
        best[end] = worth[start, chord]
        spans[end] = _Span(int(starts[start]), end, *chords[chord])
    chosen: list[_Span] = []
    span = spans[beats]
    while span is not None:
        chosen.append(span)
        span = spans[span.start]
    return chosen[::-1]


def _name(
    span: _Span, heard: _Beats, spellings: Mapping[ScoreNote, Spelling]
) -> ChordSymbol | None:
    """Name a span's chord as its notes are named."""
    tones = _TONES[span.kind]
    sounding = heard.sounding[span.start : span.end]
    present = set(np.flatnonzero(sounding.max(axis=0)))
    if sum((span.root + tone) % _PITCH_CLASSES in present for tone in tones) < _FEWEST_TONES:
        return None
    first = span.start + int((sounding.max(axis=1) > 0).argmax())
    root = _spell_root(span, heard, spellings)
    above = int(heard.lowest[first] - span.root) % _PITCH_CLASSES
    chord_sounds = np.count_nonzero(heard.sounding[first]) > 1  # a tune alone has no bass
    inverted = chord_sounds and above in tones and span.kind not in _SYMMETRIC
    return ChordSymbol(
        onset=max(heard.tick(first), heard.first_onset),
        root=name_at(root),
        kind=span.kind,
        bass=name_at(root + tones[above]) if inverted and above else None,
    )


def _spell_root(span: _Span, heard: _Beats, spellings: Mapping[ScoreNote, Spelling]) -> int:
    """Place on the line of fifths that most of the chord's notes imply for its root."""
    tones = _TONES[span.kind]
    implied: Counter[int] = Counter()
    for note in chain.from_iterable(heard.notes[span.start : span.end]):
        above = (note.pitch - span.root) % _PITCH_CLASSES
        if above in tones:
            implied[spellings[note].place - tones[above]] += 1
    return max(implied, key=lambda place: (implied[place], -abs(place), place))
