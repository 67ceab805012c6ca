"""Keys, and the names of notes in them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewire.music.key import Key, estimate_key, weigh_keys
from scorewire.music.notes import ScoreNote
from scorewire.music.spelling import Spelling, spell

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def line(*pitches: int) -> list[ScoreNote]:
    """Quarters one after another."""
    return [ScoreNote(24 * i, 24 * i + 24, pitch, 80, 1) for i, pitch in enumerate(pitches)]


def names(spellings: list[Spelling]) -> str:
    """Note names in one line."""
    marks = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
    return " ".join(s.step + marks[s.alter] for s in spellings)


@pytest.mark.parametrize(
    ("name", "fifths"),
    [
        ("C major", 0),
        ("A minor", 0),
        ("F# minor", 3),
        ("Bb major", -2),
        ("Cb major", -7),
        ("Eb minor", -6),
        ("C# major", 7),
        ("A# minor", 7),
        ("Ab minor", -7),
    ],
)
def test_a_key_has_its_signature(name: str, fifths: int):
    """Names become sharps and flats, and stay themselves."""
    key = Key.parse(name)
    assert key.fifths == fifths
    assert key.name == name


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("G# major", "Ab major"),
        ("D# major", "Eb major"),
        ("Fb major", "E major"),
        ("E# minor", "F minor"),
        ("B# major", "C major"),
        ("Cb minor", "B minor"),
    ],
)
def test_an_impossible_signature_becomes_its_twin(asked: str, written: str):
    """More than seven accidentals are written as the key that sounds the same."""
    assert Key.parse(asked).name == written


@pytest.mark.parametrize("shift", range(12))
def test_a_scale_is_heard_in_its_key(shift: int):
    """A tune on tonic, third and fifth gives its major key at any pitch."""
    tune = [60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60, 67, 72, 60, 64, 67]
    _, evidence = weigh_keys(line(*(pitch + shift for pitch in tune)))
    key = estimate_key(evidence)
    assert key.mode == "major"
    tonic = (SEMITONES[key.tonic[0]] + key.tonic.count("#") - key.tonic.count("b")) % 12
    assert tonic == shift


@pytest.mark.parametrize(
    ("key", "tonic", "expected"),
    [
        ("Ab major", 68, "Ab Bb C Db Eb F G Ab"),
        ("G# major", 68, "Ab Bb C Db Eb F G Ab"),
        ("E major", 64, "E F# G# A B C# D# E"),
        ("Gb major", 66, "Gb Ab Bb Cb Db Eb F Gb"),
        ("F# major", 66, "F# G# A# B C# D# E# F#"),
        ("C# major", 61, "C# D# E# F# G# A# B# C#"),
    ],
)
def test_a_scale_is_spelled_as_its_key(key: str, tonic: int, expected: str):
    """The signature decides between enharmonic names."""
    scale = [tonic + step for step in (0, 2, 4, 5, 7, 9, 11, 12)]
    assert names(spell(line(*scale), Key.parse(key))) == expected


def test_a_leading_note_is_raised():
    """G sharp, not A flat, leads to A in A minor."""
    tune = line(69, 71, 72, 74, 76, 77, 76, 74, 72, 71, 69, 68, 69)
    assert names(spell(tune, Key.parse("A minor")))[-6:] == "A G# A"


@given(
    st.lists(st.integers(0, 127), min_size=1, max_size=60),
    st.sampled_from(["C major", "Cb major", "C# major", "F# minor", "Ab minor"]),
)
@settings(deadline=None)
def test_every_name_sounds_its_pitch(pitches: list[int], key: str):
    """Whatever the name, step, alteration and octave give the pitch back."""
    for pitch, name in zip(pitches, spell(line(*pitches), Key.parse(key)), strict=True):
        assert 12 * (name.octave + 1) + SEMITONES[name.step] + name.alter == pitch
        assert abs(name.alter) <= 2


def test_the_lowest_pitches_are_named_within_the_lowest_octave():
    """MusicXML has no octave below 0: what would be B sharp there is the C above it."""
    tune = line(*(pitch - 48 for pitch in (60, 61, 63, 65, 66, 68, 70, 72)))
    spelled = spell(tune, Key.parse("C# major"))
    assert [name.octave for name in spelled][:2] == [0, 0]
    assert names(spelled)[:1] == "C"
