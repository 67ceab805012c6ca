"""How well each stem is heard with the profile of its instrument, and without.

    python evals/stems.py                  # the table of docs/score.md

Small bands play tunes and chorales of music21's corpus (`accompanying`): a voice the melody, a bass
the lowest notes, a guitar, a piano or another instrument the chords. Each stem is heard alone, and
with the others 15 and 10 dB below it: the errors that Demucs leaves lie 5 to 10 dB under a stem
(its published SDR), and much of them are the other instruments. It takes five minutes of a core.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from accompanying import FIGURES, MELODY, accompany
from corpus import read_corpus
from cutting import BPM_SPREAD, MIDDLE_BPM
from hearing import Count, RememberingTranscriber, compare, hear, render
from numpy.typing import NDArray
from performing import beat_times
from symbolic import Passage, WrittenNote

from scorewire.inference.profiles import ANY, choose_profile
from scorewire.jobs.options import Options, Stem
from scorewire.music.meter import TICKS_PER_QUARTER
from scorewire.music.notes import Note

PROGRAMS: Mapping[Stem, tuple[int, ...]] = {
    Stem.VOCALS: (52, 53, 54),
    Stem.BASS: (32, 33, 34, 35, 38),
    Stem.GUITAR: (24, 25, 26, 27),
    Stem.PIANO: (0, 1),
    Stem.OTHER: (4, 19, 48, 61, 73, 89),
}
"""General MIDI: choirs; basses; guitars; pianos; of others an electric piano, an organ, strings,
brass, a flute and a pad."""

WITH_CHORDS = (Stem.GUITAR, Stem.PIANO, Stem.OTHER)
LEAKS_DB = (None, 15.0, 10.0)
LEVEL = 0.08
"""Root-mean-square level of each player."""

MOST_BARS = 12
LEAST_FREEDOM, MOST_FREEDOM = 0.02, 0.08
SPREAD_S, HELD_SHARE, SHORTEST_S = 0.006, 0.92, 0.08
VELOCITY, VELOCITY_SPREAD = 78, 8
HIGHEST_SUNG, BASS_BELOW = 81, 50
FEWEST_BASS, FEWEST_CHORDS = 8, 12
SAME_S = 0.03
OCTAVE = 12


def form(
    tunes: Sequence[Passage], rng: np.random.Generator, chords: Stem
) -> dict[Stem, list[Note]]:
    """Draw tunes until one gives each player enough to do; what they play."""
    while True:
        tune = tunes[rng.integers(len(tunes))]
        notes = [note for note in tune.notes if note.onset < MOST_BARS * tune.meter.bar_ticks]
        written = accompany(notes, tune.meter, rng)
        bpm = np.exp(rng.normal(np.log(MIDDLE_BPM), BPM_SPREAD))
        qpm = bpm * tune.meter.beat_ticks / TICKS_PER_QUARTER
        end = int(max(note.onset + note.ticks for note in written)) + 1
        freedom = rng.uniform(LEAST_FREEDOM, MOST_FREEDOM)
        ticks, times_s = beat_times(end, tune.meter, qpm, freedom, rng)
        band: dict[Stem, list[Note]] = {Stem.VOCALS: [], Stem.BASS: [], chords: []}
        for note, player in _cast(written, chords):
            pitch = _let_down(note.pitch, HIGHEST_SUNG) if player is Stem.VOCALS else note.pitch
            held = note.onset + HELD_SHARE * note.ticks
            onset_s, offset_s = np.interp([note.onset, held], ticks, times_s)
            onset_s += rng.normal(0, SPREAD_S)
            velocity = int(np.clip(rng.normal(VELOCITY, VELOCITY_SPREAD), 30, 120))
            offset_s = max(float(offset_s), float(onset_s) + SHORTEST_S)
            band[player].append(Note(float(onset_s), offset_s, pitch, velocity))
        if len(band[Stem.BASS]) >= FEWEST_BASS and len(band[chords]) >= FEWEST_CHORDS:
            return {stem: _playable(played) for stem, played in band.items()}


def _cast(notes: Sequence[WrittenNote], chords: Stem) -> Iterator[tuple[WrittenNote, Stem]]:
    """Who plays each note: the voice and the bass have one at a time."""
    top: dict[int, int] = {}
    bottom: dict[int, int] = {}
    for note in notes:
        if note.staff == MELODY:
            top[note.onset] = max(note.pitch, top.get(note.onset, 0))
        elif note.pitch < BASS_BELOW:
            bottom[note.onset] = min(note.pitch, bottom.get(note.onset, BASS_BELOW))
    for note in notes:
        if note.staff == MELODY and note.pitch == top[note.onset]:
            yield note, Stem.VOCALS
        elif note.staff != MELODY and note.pitch == bottom.get(note.onset):
            yield note, Stem.BASS
        else:
            yield note, chords


def _let_down(pitch: int, highest: int) -> int:
    while pitch > highest:
        pitch -= OCTAVE
    return pitch


def _playable(notes: Sequence[Note]) -> list[Note]:
    """Strike no note twice at once, and let each go before it is struck again."""
    played: list[Note] = []
    later: dict[int, float] = {}
    for note in sorted(notes, reverse=True):
        again_s = later.get(note.pitch, np.inf)
        if again_s - note.onset_s > SAME_S:
            offset_s = min(note.offset_s, again_s - SAME_S / 3)
            played.append(Note(note.onset_s, offset_s, note.pitch, note.velocity))
            later[note.pitch] = note.onset_s
    return played[::-1]


def leaky(
    stems: Mapping[Stem, NDArray[np.float32]],
) -> Iterator[tuple[Stem, float | None, NDArray[np.float32]]]:
    """Each stem with the others below it, for every distance in decibels."""
    for stem, alone in stems.items():
        others = np.sum([samples for other, samples in stems.items() if other is not stem], axis=0)
        for leak_db in LEAKS_DB:
            gain = 0.0 if leak_db is None else 10 ** (-leak_db / 20)
            yield stem, leak_db, np.clip(alone + gain * others, -1, 1).astype(np.float32)


def play(
    band: Mapping[Stem, Sequence[Note]], rng: np.random.Generator
) -> dict[Stem, NDArray[np.float32]]:
    """Render each player alone, all as long and as loud as each other."""
    sounds = {stem: render(notes, int(rng.choice(PROGRAMS[stem]))) for stem, notes in band.items()}
    length = max(map(len, sounds.values()))
    padded = {stem: np.pad(sound, (0, length - len(sound))) for stem, sound in sounds.items()}
    return {
        stem: sound * np.float32(LEVEL / np.sqrt(np.mean(sound**2)))
        for stem, sound in padded.items()
    }


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--bands", type=int, default=15)
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.parse_args()
    tunes = [
        tune
        for tune in read_corpus()
        if ("#" in tune.source or tune.source.startswith("bach/")) and tune.meter.name in FIGURES
    ]
    rng = np.random.default_rng(given.seed)
    counts: dict[tuple[Stem, bool, float | None], Count] = defaultdict(Count)
    for number in range(given.bands):
        band = form(tunes, rng, WITH_CHORDS[number % len(WITH_CHORDS)])
        transcriber = RememberingTranscriber()
        for stem, leak_db, samples in leaky(play(band, rng)):
            for own, profile in ((False, ANY), (True, choose_profile(stem, Options()))):
                heard = hear(samples, transcriber, profile)
                counts[stem, own, leak_db] += compare(heard, band[stem])
    sys.stdout.write("| | | alone | others 15 dB below | 10 dB below |\n")
    sys.stdout.write("| --- | --- | --- | --- | --- |\n")
    for stem in PROGRAMS:
        for own, how in ((False, "as any"), (True, "as what it is")):
            cells = [f"{counts[stem, own, leak_db].f1:.2f}" for leak_db in LEAKS_DB]
            sys.stdout.write(f"| {stem.value} | {how} | {' | '.join(cells)} |\n")


if __name__ == "__main__":
    main()
