"""A melody as piano music, accompanied in the figures that its metre usually has.

music21's corpus has few dances, songs or hymns for piano, and nearly all its pieces in 6/8 are
tunes without harmony. So tunes and chorales lend their melody, and where the bar lines are is
learned from how such music is accompanied: bass notes on strong beats, chords between them,
broken chords that turn with the beat.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from symbolic import WrittenNote

from scorewire.music.meter import Meter

FIGURES: dict[str, tuple[tuple[int, str], ...]] = {
    "2/4": (
        *((12, "BCFC"), (12, "BCBC"), (12, "BCCC"), (24, "BC"), (24, "BF"), (24, "BB")),
        *((6, "02120212"), (12, "0212"), (12, "0121"), (12, "CCCC"), (48, "B"), (12, "-C-C")),
    ),
    "4/4": (
        *((24, "BCFC"), (24, "BCBC"), (24, "BCCC"), (24, "B-F-"), (48, "BF"), (48, "CC")),
        *((12, "02120212"), (6, "0212021202120212"), (12, "01232123"), (12, "BCFCBCFC")),
        *((12, "CCCCCCCC"), (24, "CCCC"), (96, "B"), (24, "-C-C"), (12, "01230123")),
    ),
    "3/4": (
        *((24, "BCC"), (24, "BCC"), (24, "BC-"), (24, "B-C"), (24, "BFC"), (24, "-CC")),
        *((12, "012321"), (12, "021212"), (12, "BCCCCC"), (24, "CCC"), (72, "B"), (24, "BBB")),
    ),
    "3/8": (
        *((12, "BCC"), (12, "BCC"), (12, "B-C"), (12, "BC-"), (12, "B--"), (12, "-CC")),
        *((6, "012321"), (12, "012"), (12, "CCC"), (36, "B")),
    ),
    "6/8": (
        *((12, "BCCFCC"), (12, "BCCBCC"), (12, "B-CF-C"), (12, "B-CB-C"), (12, "B--F--")),
        *((36, "BC"), (36, "CC"), (12, "012012"), (12, "012321"), (12, "012210"), (72, "B")),
        *((12, "-CC-CC"), (36, "BF")),
    ),
    "9/8": (
        *((12, "BCCBCCFCC"), (12, "B-CB-CF-C"), (12, "B--B--F--"), (36, "BCC"), (36, "CCC")),
        *((12, "012012012"), (36, "BBF")),
    ),
    "12/8": (
        *((12, "BCCCCCFCCCCC"), (12, "BCCBCCFCCBCC"), (12, "BCCFCCBCCFCC"), (12, "B-CB-CF-CB-C")),
        *((12, "012012012012"), (12, "012321012321"), (12, "CCCCCCCCCCCC"), (36, "BCFC")),
        *((36, "BCBC"), (36, "BCCC"), (36, "CCCC"), (72, "BF"), (144, "B"), (12, "-CC-CC-CC-CC")),
    ),
}
"""A bar of accompaniment: ticks of a step, and what each strikes. B: the bass; F: the bass's other
note; C: the chord; 0 to 3: a note of the broken chord; -: nothing."""

HYMN_SHARE, SECOND_FIGURE_SHARE = 0.3, 0.3
SONG_SHARE, PLAIN_BEATS, RHYME_BARS = 0.4, (0.3, 0.9), 4
"""How often a tune becomes a song, which moves in beats; how many it then has of these, drawn alike
for every fourth bar."""

HARMONIES_PER_BAR = {"2/4": (1, 1, 2), "4/4": (1, 2, 4), "6/8": (1, 2, 2), "12/8": (1, 2, 4)}
THICK_SHARES = (0.0, 0.0, 0.3, 0.9)
"""Of melody notes on a beat that get a chord note below them; one is drawn for each piece."""

TONIC_BONUS, DOMINANT_BONUS, BASS_BONUS = 0.3, 0.2, 1.0
MELODY, CHORD, BASS = 0, 1, 2
OCTAVE, FIFTH = 12, 7
LOWEST_CHORD, LOWEST_BASS = 50, 33
SECTION_BARS = 8


def accompany(
    notes: Sequence[WrittenNote], meter: Meter, rng: np.random.Generator
) -> list[WrittenNote]:
    """Take the melody of a piece, which starts in its first bar, and set it for piano."""
    melody = _melody(notes)
    if rng.random() < SONG_SHARE:
        melody = _song(melody, meter, rng)
    harmonies = _harmonies(notes, meter, rng)
    thick = rng.choice(THICK_SHARES)
    if rng.random() < HYMN_SHARE:
        left = list(_hymn(melody, harmonies, meter))
    else:
        left = list(_figured(melody, harmonies, meter, rng))
    right = list(melody)
    for note in melody:
        if note.onset % meter.beat_ticks == 0 and rng.random() < thick:
            below = _chord_below(note.pitch, harmonies(note.onset)[1])
            right += [replace(note, pitch=pitch) for pitch in below[-1:]]
    once = {(note.onset, note.pitch): note for note in [*left, *right]}
    return sorted(once.values(), key=lambda note: (note.onset, note.pitch))


def _melody(notes: Sequence[WrittenNote]) -> list[WrittenNote]:
    """The first part's highest notes."""
    part = min(note.staff for note in notes)
    tops: dict[int, WrittenNote] = {}
    for note in notes:
        if note.staff == part and note.pitch > tops.get(note.onset, replace(note, pitch=0)).pitch:
            tops[note.onset] = replace(note, staff=MELODY)
    return [tops[onset] for onset in sorted(tops)]


def _song(
    melody: Sequence[WrittenNote], meter: Meter, rng: np.random.Generator
) -> list[WrittenNote]:
    """Leave out what moves within some of the beats, and hold what is left."""
    beats = meter.bar_ticks // meter.beat_ticks
    plain = rng.random((RHYME_BARS, beats)) < rng.uniform(*PLAIN_BEATS)
    kept = []
    for note in melody:
        beat, within = divmod(note.onset, meter.beat_ticks)
        if within == 0 or not plain[beat // beats % RHYME_BARS, beat % beats]:
            kept.append(note)
    ends = [*(note.onset for note in kept[1:]), kept[-1].onset + kept[-1].ticks]
    return [
        replace(note, ticks=float(min(end - note.onset, meter.bar_ticks)))
        for note, end in zip(kept, ends, strict=True)
    ]


class _Harmonies:
    """Bass and chord, as pitch classes, for every stretch of the piece."""

    def __init__(self, found: Sequence[tuple[int, list[int]]], span: int) -> None:
        self._found = found
        self._span = span

    def __call__(self, tick: int) -> tuple[int, list[int]]:
        return self._found[min(tick // self._span, len(self._found) - 1)]


def _harmonies(notes: Sequence[WrittenNote], meter: Meter, rng: np.random.Generator) -> _Harmonies:
    """The triad of the scale that fits each stretch best; its root is the bass."""
    span = meter.bar_ticks // int(rng.choice(HARMONIES_PER_BAR.get(meter.name, (1,))))
    stretches = max(note.onset for note in notes) // span + 1
    lengths = np.zeros((stretches, OCTAVE))
    lowest: dict[int, WrittenNote] = {}
    for note in notes:
        stretch = note.onset // span
        lengths[stretch, note.pitch % OCTAVE] += np.sqrt(note.ticks)
        if (
            note.onset % span == 0
            and note.pitch < lowest.get(stretch, replace(note, pitch=128)).pitch
        ):
            lowest[stretch] = note
    scale = lengths.sum(axis=0)
    polyphonic = len({note.staff for note in notes}) > 1
    last = max(notes, key=lambda note: (note.onset, -note.pitch)).pitch % OCTAVE
    found = []
    for stretch, here in enumerate(lengths):
        total = max(here.sum(), 1.0)
        fits = np.zeros(OCTAVE)
        for root in range(OCTAVE):
            fits[root] = here[_triad(root, scale)].sum() / total if scale[root] else -1.0
        fits[last] += TONIC_BONUS
        fits[(last + FIFTH) % OCTAVE] += DOMINANT_BONUS
        if polyphonic and stretch in lowest:
            fits[lowest[stretch].pitch % OCTAVE] += BASS_BONUS
        root = int(fits.argmax())
        found.append((root, _triad(root, scale)))
    return _Harmonies(found, span)


def _triad(root: int, scale: np.ndarray) -> list[int]:
    third = max((3, 4), key=lambda interval: scale[(root + interval) % OCTAVE])
    return [root, (root + third) % OCTAVE, (root + FIFTH) % OCTAVE]


def _at_least(lowest: int, pitch_class: int) -> int:
    return lowest + (pitch_class - lowest) % OCTAVE


def _chord_below(top: int, classes: Sequence[int]) -> list[int]:
    """A close chord under a note, lowest first."""
    return sorted(top - 3 - (top - 3 - pitch_class) % OCTAVE for pitch_class in classes)


def _hymn(
    melody: Sequence[WrittenNote], harmonies: _Harmonies, meter: Meter
) -> Iterator[WrittenNote]:
    """The other voices move with the melody, but not with its quickest notes."""
    for note in melody:
        quick = note.ticks < meter.unit_ticks and note.onset % meter.unit_ticks
        if not quick:
            bass, chord = harmonies(note.onset)
            yield replace(note, pitch=_at_least(LOWEST_BASS + 5, bass), staff=BASS)
            for pitch in _chord_below(note.pitch, chord)[1:]:
                yield replace(note, pitch=pitch, staff=CHORD)


def _figured(
    melody: Sequence[WrittenNote],
    harmonies: _Harmonies,
    meter: Meter,
    rng: np.random.Generator,
) -> Iterator[WrittenNote]:
    kinds = FIGURES[meter.name]
    figures = [kinds[rng.integers(len(kinds))] for _ in range(2)]
    if rng.random() > SECOND_FIGURE_SHARE:
        figures[1] = figures[0]
    lowest, octaves = LOWEST_BASS + int(rng.integers(0, OCTAVE)), rng.random() < 1 / 4
    length = float(rng.choice([0.5, 1.0, 1.0]))
    start = melody[0].onset // meter.bar_ticks * meter.bar_ticks
    if start < melody[0].onset:
        start += meter.bar_ticks  # a pickup stands alone
    end = int(max(note.onset + note.ticks for note in melody))
    for bar, first in enumerate(range(start, end, meter.bar_ticks)):
        step, what = figures[bar // SECTION_BARS % 2]
        for index, sign in enumerate(what):
            onset = first + index * step
            if onset >= end:
                break
            bass, chord = harmonies(onset)
            for pitch in _struck(sign, _at_least(lowest, bass), chord, octaves=octaves):
                yield WrittenNote(onset, max(6.0, step * length), pitch, BASS)


def _struck(sign: str, bass: int, chord: Sequence[int], *, octaves: bool) -> list[int]:
    close = sorted(_at_least(LOWEST_CHORD, pitch_class) for pitch_class in chord)
    if sign == "C":
        return close
    if sign == "B":
        return [bass, bass + OCTAVE] if octaves else [bass]
    if sign == "F":
        fifth = bass + FIFTH - OCTAVE
        return [fifth if fifth >= LOWEST_BASS - 5 else fifth + OCTAVE]
    return [[*close, close[0] + OCTAVE][int(sign)]] if sign.isdigit() else []
