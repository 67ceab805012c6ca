"""Chord symbols, on progressions whose chords are known."""

import itertools

import music21
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from performances import note_lists, play, write
from score_reading import assert_bars_complete, parse

from scorewire.jobs.options import Stem
from scorewire.music.harmony import ChordSymbol, find_chords
from scorewire.music.key import Key
from scorewire.music.meter import Meter
from scorewire.music.notes import Note, ScoreNote
from scorewire.music.spelling import spell

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
KINDS = {
    "": "major", "m": "minor", "7": "dominant", "maj7": "major-seventh", "m7": "minor-seventh",
    "dim": "diminished", "m7b5": "half-diminished", "dim7": "diminished-seventh",
    "aug": "augmented",
}  # fmt: skip


def name(symbol: ChordSymbol) -> str:
    """As it is said: `"Bbm7/F"`."""
    short = {kind: text for text, kind in KINDS.items()}[symbol.kind]
    return f"{symbol.root}{short}" + (f"/{symbol.bass}" if symbol.bass else "")


def find(
    chords: list[tuple[int, ...]], key: str = "C major", meter: str = "4/4", ticks: int = 96
) -> list[str]:
    """The symbols of block chords, each so many ticks long."""
    notes = [
        ScoreNote(ticks * place, ticks * place + ticks, pitch, 80, 1 if pitch >= 60 else 2)
        for place, chord in enumerate(chords)
        for pitch in chord
    ]
    spellings = dict(zip(notes, spell(notes, Key.parse(key)), strict=True))
    return [name(symbol) for symbol in find_chords(spellings, Meter.parse(meter))]


@pytest.mark.parametrize(
    ("chords", "key", "expected"),
    [
        (
            [(48, 64, 67, 72), (41, 65, 69, 72), (43, 65, 67, 71), (48, 64, 67, 72)],
            "C major",
            "C F G7 C",
        ),
        (
            [(45, 60, 64, 69), (50, 62, 65, 69), (52, 62, 64, 68), (45, 60, 64, 69)],
            "A minor",
            "Am Dm E7 Am",
        ),
        (
            [(50, 60, 65, 69), (43, 65, 71, 74), (48, 64, 67, 71), (48, 64, 67, 71)],
            "C major",
            "Dm7 G7 Cmaj7",
        ),
        (
            [(50, 62, 65, 68, 72), (43, 65, 71, 74), (48, 60, 63, 67)],
            "C minor",
            "Dm7b5 G7 Cm",
        ),
        ([(48, 64, 67), (49, 64, 67, 70), (50, 62, 65, 69)], "F major", "C C#dim7 Dm"),
        ([(48, 64, 67), (48, 64, 68), (53, 65, 69)], "C major", "C Caug F"),
        ([(44, 60, 63, 68), (46, 61, 65, 70), (39, 61, 67, 70)], "Ab major", "Ab Bbm Eb7"),
        ([(42, 61, 66, 70), (47, 63, 66, 71), (49, 61, 65, 68, 71)], "F# major", "F# B C#7"),
        ([(52, 60, 67, 72), (53, 60, 69, 72), (47, 65, 67, 74)], "C major", "C/E F G7/B"),
    ],
)
def test_a_progression_is_named(chords: list[tuple[int, ...]], key: str, expected: str):
    """Kinds, inversions, and roots as the key spells them."""
    assert " ".join(find(chords, key)) == expected


def test_passing_notes_change_nothing():
    """Over two bars of C and two of G seventh a scale runs, and four symbols would be too many."""
    scale = [72, 74, 76, 77, 79, 77, 76, 74] * 2 + [71, 72, 74, 76, 77, 76, 74, 72] * 2
    notes = [ScoreNote(12 * i, 12 * i + 12, pitch, 80, 1) for i, pitch in enumerate(scale)]
    for bar, chord in enumerate([(48, 55, 64)] * 2 + [(43, 59, 65)] * 2):
        notes += [ScoreNote(96 * bar, 96 * bar + 96, pitch, 80, 2) for pitch in chord]
    notes.sort(key=lambda note: (note.onset, note.pitch))
    spellings = dict(zip(notes, spell(notes, Key("C", "major")), strict=True))
    found = find_chords(spellings, Meter(4, 4))
    assert [(symbol.onset, name(symbol)) for symbol in found] == [(0, "C"), (192, "G7")]


def test_chords_change_on_beats():
    """In 6/8 each dotted quarter may have its own."""
    chords = [(48, 64, 67), (43, 62, 67, 71), (45, 60, 64, 69), (41, 60, 65, 69)]
    assert find(chords, meter="6/8", ticks=36) == ["C", "G", "Am", "F"]


def test_a_tune_alone_has_no_bass_and_an_octave_no_chord():
    """What is not there is not named: no inversion of broken chords, nothing over octaves."""
    broken = [(pitch,) for pitch in (67, 72, 76, 72, 67, 72, 76, 72)]
    assert find(broken, ticks=24) == ["C"]
    assert find([(48, 60), (48, 60)]) == []


@settings(max_examples=60, deadline=None)
@given(note_lists(max_size=25), st.integers(-11, 11))
def test_transposing_the_notes_transposes_the_symbols(notes: list[Note], semitones: int):
    """The same chords at the same places, each so many semitones away."""

    def chords(shift: int) -> list[tuple[int, int, str, int | None]]:
        written = [
            ScoreNote(int(12 * n.onset_s), int(12 * n.offset_s) + 1, n.pitch + shift, 80, 1)
            for n in notes
        ]
        written = sorted(set(written), key=lambda n: (n.onset, n.pitch))
        spellings = dict(zip(written, spell(written, Key("C", "major")), strict=True))
        return [
            (
                symbol.onset,
                (pitch_class(symbol.root) - shift) % 12,
                symbol.kind,
                None if symbol.bass is None else (pitch_class(symbol.bass) - shift) % 12,
            )
            for symbol in find_chords(spellings, Meter(3, 4))
        ]

    assert chords(semitones) == chords(0)


def pitch_class(tone: str) -> int:
    """Semitones over C."""
    return (SEMITONES[tone[0]] + tone.count("#") - tone.count("b")) % 12


BAND = {
    Stem.VOCALS: play([(2 * i, 2, pitch) for i, pitch in enumerate((72, 69, 71, 72) * 2)]),
    Stem.PIANO: play(
        [
            (2 * i + half, 1, pitch)
            for i, chord in enumerate([(60, 64, 67), (60, 65, 69), (62, 65, 67), (60, 64, 67)] * 2)
            for half in (0, 1)
            for pitch in chord
        ]
    ),
    Stem.BASS: play([(2 * i, 2, pitch) for i, pitch in enumerate((36, 41, 43, 36) * 2)]),
    Stem.DRUMS: play([(beat, 0.1, 38) for beat in range(16)]),
}
ASKED = {"time_signature": "2/4", "tempo_bpm": 120, "key": "C major"}


def test_symbols_stand_over_the_top_staff_and_are_read_as_their_chords():
    """One for each change, in the first part alone; another program hears the same pitches."""
    files = write(BAND, chord_symbols=True, **ASKED)
    root = parse(files.musicxml)
    assert_bars_complete(root)
    assert [len(part.findall(".//harmony")) for part in root.findall("part")] == [7, 0, 0, 0]
    score = music21.converter.parseData(files.musicxml.decode(), format="musicxml")
    read = score.recurse().getElementsByClass(music21.harmony.ChordSymbol)
    found = [
        (float(chord.getOffsetInHierarchy(score)), sorted({p.pitchClass for p in chord.pitches}))
        for chord in read
    ]
    c, f, g = [0, 4, 7], [0, 5, 9], [2, 5, 7, 11]
    assert found == [(0, c), (2, f), (4, g), (6, c), (10, f), (12, g), (14, c)]


def test_symbols_are_an_option():
    """Nobody who has not asked for them gets them."""
    assert b"<harmony" not in write(BAND, **ASKED).musicxml


@settings(max_examples=40, deadline=None)
@given(note_lists())
def test_any_score_may_have_symbols(notes: list[Note]):
    """Valid by the schema, on their beats, one after another, and never twice the same."""
    root = parse(write(notes, chord_symbols=True).musicxml)
    assert_bars_complete(root)
    written = [
        tuple(harmony.findtext(tag) for tag in ("root/root-step", "root/root-alter", "kind"))
        for harmony in root.iter("harmony")
    ]
    assert all(before != after for before, after in itertools.pairwise(written))
