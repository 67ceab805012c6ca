"""How each instrument is heard, whoever listens."""

from collections import Counter

import numpy as np
import pytest
from sounds import band

from scorewire.audio import Audio
from scorewire.inference.profiles import ANY, choose_profile
from scorewire.inference.transcription import BasicPitchTranscriber
from scorewire.jobs.options import DecodingOptions, Options, Stem

USUAL = Options()


@pytest.mark.parametrize(
    ("stem", "lowest", "highest"),
    [(Stem.BASS, 28, 60), (Stem.GUITAR, 40, 86)],
)
def test_an_instrument_has_its_own_notes(stem: Stem, lowest: int, highest: int) -> None:
    """What it plays in its usual tuning is heard; the piano's lowest and highest keys are not."""
    profile = choose_profile(stem, USUAL)
    assert 21 < profile.lowest_pitch <= lowest
    assert highest <= profile.highest_pitch < 108


@pytest.mark.parametrize("stem", [Stem.MIX, Stem.PIANO, Stem.VOCALS, Stem.OTHER])
def test_whatever_has_no_profile_of_its_own_has_every_key(stem: Stem) -> None:
    """Nothing is ruled out where any instrument may be meant, or where it would not help."""
    assert choose_profile(stem, USUAL) == ANY


def test_a_bass_alone_is_one_line() -> None:
    """Voices are not: the model is too unsure of them."""
    assert [stem for stem in Stem if choose_profile(stem, USUAL).one_line] == [Stem.BASS]


@pytest.mark.parametrize("stem", Stem)
def test_what_the_musician_asks_for_comes_first(stem: Stem) -> None:
    """Each figure that a request gives is used for every instrument."""
    asked = DecodingOptions(onset_threshold=0.41, frame_threshold=0.13, minimum_note_ms=55)
    profile = choose_profile(stem, Options(decoding=asked))
    assert profile.onset_threshold == 0.41
    assert profile.frame_threshold == 0.13
    assert profile.minimum_note_ms == 55
    assert profile.highest_pitch == choose_profile(stem, USUAL).highest_pitch


@pytest.mark.parametrize(
    ("instruments", "heard_as"),
    [
        ((Stem.BASS,), Stem.BASS),
        ((Stem.DRUMS, Stem.GUITAR), Stem.GUITAR),
        ((Stem.BASS, Stem.GUITAR), Stem.MIX),
        ((Stem.DRUMS,), Stem.MIX),
        ((), Stem.MIX),
    ],
)
def test_one_instrument_that_is_named_is_what_the_mix_is(
    instruments: tuple[Stem, ...], heard_as: Stem
) -> None:
    """Drums beside it do not count; of two, either may have played a note."""
    chosen = choose_profile(Stem.MIX, Options(instruments=instruments))
    assert chosen == choose_profile(heard_as, USUAL)


def test_a_separated_stem_is_what_it_is() -> None:
    """Which stems are to be written does not change what they are."""
    named = Options(instruments=(Stem.BASS,))
    assert choose_profile(Stem.GUITAR, named) == choose_profile(Stem.GUITAR, USUAL)


def test_a_bass_is_told_from_what_leaks_into_it() -> None:
    """With a melody and chords 15 dB below it, three in four notes were not the bass's."""
    stems = band(bpm=100)
    bass = stems[Stem.BASS].samples
    others = stems[Stem.VOCALS].samples + stems[Stem.OTHER].samples
    quieter = 10 ** (-15 / 20) * np.sqrt(np.mean(bass**2) / np.mean(others**2))
    leaky = Audio((bass + quieter * others).astype(np.float32))
    model = BasicPitchTranscriber("cpu")
    played = Counter({36: 8, 41: 4, 43: 4})
    found = {}
    for profile in (ANY, choose_profile(Stem.BASS, USUAL)):
        notes = list(model.transcribe(leaky, profile, lambda _fraction, _message: None))
        pitches = Counter(note.pitch for note in notes)
        assert pitches & played == played
        found[profile.one_line] = len(notes) - played.total()
    assert found[False] > 3 * played.total()
    assert found[True] <= played.total() / 2
