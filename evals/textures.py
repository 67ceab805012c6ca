"""A chorale as piano music: its melody over an accompaniment.

music21's corpus has few pieces for piano alone, and hardly an Alberti bass or a waltz among them.
So chorales lend their melody and harmony to the usual textures, drawn at random, which a model of
the hands can learn from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from symbolic import WrittenNote

from scorewire.music.meter import TICKS_PER_QUARTER

RIGHT, LEFT = 1, 2
LINES = ("line", "line", "octaves", "thirds", "chords", "run")
ACCOMPANIMENTS = (
    *("alberti", "alberti", "arpeggio", "waltz", "march", "march"),
    *("repeated", "octaves", "chords"),
)
CLOSE = {"alberti", "arpeggio", "repeated", "chords"}
REST_SHARES = (0.0, 0.15, 0.4)
STACCATO_SHARE = 0.4
OCTAVE = 12
EIGHTH, SIXTEENTH = TICKS_PER_QUARTER // 2, TICKS_PER_QUARTER // 4
WIDEST_HAND = 14


@dataclass(frozen=True)
class Harmony:
    """What an accompaniment is made of: a bass, the chord over it, the bass where it leaps."""

    bass: int
    chord: list[int]
    low: list[int]


def as_piano(notes: Sequence[WrittenNote], rng: np.random.Generator) -> list[WrittenNote]:
    """Rewrite a chorale on two staves; what both hands would strike, the right hand has."""
    melody = _melody(notes)
    up = int(rng.choice([0, 0, OCTAVE]))
    written = [*_right(melody, up, rng), *_left(notes, melody, up, rng)]
    once: dict[tuple[int, int], WrittenNote] = {}
    for note in sorted(written, key=lambda note: (note.onset, note.pitch, note.staff)):
        once.setdefault((note.onset, note.pitch), note)
    return list(once.values())


def _melody(notes: Sequence[WrittenNote]) -> list[WrittenNote]:
    """The upper staff's highest notes."""
    tops: dict[int, WrittenNote] = {}
    for note in notes:
        top = tops.get(note.onset)
        if note.staff == RIGHT and (top is None or note.pitch > top.pitch):
            tops[note.onset] = note
    melody: list[WrittenNote] = []
    for _, note in sorted(tops.items()):
        before = melody[-1] if melody else None
        if before is None or _end(before) <= note.onset or note.pitch >= before.pitch:
            melody.append(note)
    return melody


def _end(note: WrittenNote) -> float:
    return note.onset + note.ticks


def _right(
    melody: Sequence[WrittenNote], up: int, rng: np.random.Generator
) -> Iterator[WrittenNote]:
    kind, rests = rng.choice(LINES), rng.choice(REST_SHARES)
    length = 1 / 2 if rng.random() < STACCATO_SHARE else 1.0
    for note in melody:
        if rng.random() < rests:
            continue
        if kind == "run" and note.ticks >= EIGHTH:
            step = int(rng.choice([-2, -1, 1, 2]))
            for index in range(int(note.ticks // SIXTEENTH)):
                onset, pitch = note.onset + index * SIXTEENTH, note.pitch + up + step * index
                yield WrittenNote(onset, SIXTEENTH, pitch, RIGHT)
            continue
        beside = {
            "octaves": [0, OCTAVE],
            "thirds": [0, -int(rng.choice([3, 4, 8, 9]))],
            "chords": [0, -4, -9],
        }.get(str(kind), [0])
        for interval in beside:
            yield replace(note, ticks=note.ticks * length, pitch=note.pitch + up + interval)


def _left(
    notes: Sequence[WrittenNote],
    melody: Sequence[WrittenNote],
    up: int,
    rng: np.random.Generator,
) -> Iterator[WrittenNote]:
    kind = str(rng.choice(ACCOMPANIMENTS))
    step = int(rng.choice([EIGHTH, SIXTEENTH]))
    beats = int(rng.choice([2, 3, 4]))
    lower = int(rng.choice([0, 0, OCTAVE]))
    doubled, full, close = rng.random() < 1 / 2, rng.random() < 3 / 5, rng.random() < 3 / 5
    lift = OCTAVE if up and rng.random() < 2 / 5 else 0
    for beat, onset in enumerate(range(0, int(max(map(_end, notes))), TICKS_PER_QUARTER)):
        top = max((n.pitch for n in melody if n.onset <= onset < _end(n)), default=127)
        sounding = sorted({n.pitch for n in notes if n.onset <= onset < _end(n) and n.pitch < top})
        if not sounding:
            continue
        bass = sounding[0]
        while close and len(sounding) > 1 and sounding[1] - bass > OCTAVE:
            bass += OCTAVE
        inner = {p if p - bass <= WIDEST_HAND else p - OCTAVE for p in sounding[1:]}
        inner |= {bass + OCTAVE} if full else set()
        harmony = Harmony(
            bass=bass,
            chord=sorted(pitch for pitch in inner if pitch < top + up) or [bass],
            low=[bass - lower, *([bass - lower - OCTAVE] if doubled else [])],
        )
        lifted = lift if kind in CLOSE else 0
        for start, ticks, pitches in _figure(kind, beat % beats, step, harmony):
            for pitch in pitches:
                yield WrittenNote(onset + start, ticks, pitch + lifted, LEFT)


def _figure(
    kind: str, beat: int, step: int, harmony: Harmony
) -> Iterator[tuple[int, float, list[int]]]:
    """One beat of an accompaniment: start, length and pitches of what is struck."""
    bass, chord, low = harmony.bass, harmony.chord, harmony.low
    starts = range(0, TICKS_PER_QUARTER, step)
    if kind == "alberti":
        turn = [bass, chord[-1], chord[0], chord[-1]]
        begun = 2 * (beat % 2) if step == EIGHTH else 0
        yield from ((start, step, [turn[(begun + i) % 4]]) for i, start in enumerate(starts))
    elif kind == "arpeggio":
        turn = [bass, *chord]
        for index, start in enumerate(starts):
            yield start, TICKS_PER_QUARTER, [turn[index % len(turn)]]
    elif kind == "waltz":
        yield (0, TICKS_PER_QUARTER, low) if beat == 0 else (0, 0.75 * TICKS_PER_QUARTER, chord)
    elif kind == "march":
        yield from ((0, 0.8 * EIGHTH, low), (EIGHTH, 0.8 * EIGHTH, chord))
    elif kind == "octaves":
        yield from ((start, 0.8 * EIGHTH, [bass, bass - OCTAVE]) for start in (0, EIGHTH))
    elif kind == "repeated":
        yield from ((start, EIGHTH, [bass, *chord]) for start in (0, EIGHTH))
    else:
        yield 0, TICKS_PER_QUARTER, [bass, *chord]
