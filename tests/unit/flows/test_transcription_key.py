"""Under what a transcription's result is kept, and when it is used again."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest

from flows.stages import transcription
from scorewire.inference.profiles import Profile, choose_profile
from scorewire.jobs.options import DecodingOptions, Options, Stem

BASS = {"bass": "stems/bass"}
MIX = {"mix": "stems/mix"}
Key = Callable[[Options, dict[str, str]], str]


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> Key:
    """The key of a transcription that nobody runs."""
    model = SimpleNamespace(model_id="model")
    monkeypatch.setattr(transcription, "_transcriber", lambda: model)
    monkeypatch.setattr(transcription, "run_stage", lambda *_, key: {"key": key})
    return lambda options, stems: transcription.transcription(options, stems)["key"]


def asking(onset_threshold: float | None) -> Options:
    """A request for a threshold."""
    return Options(decoding=DecodingOptions(onset_threshold=onset_threshold))


def test_what_is_asked_for_is_part_of_the_key(key: Key) -> None:
    """Another threshold is another result; the instrument's own, said aloud, is the same."""
    usual = choose_profile(Stem.BASS, Options()).onset_threshold
    assert key(asking(0.5), BASS) != key(asking(None), BASS)
    assert key(asking(usual), BASS) == key(asking(None), BASS)


def test_a_named_instrument_is_part_of_the_key(key: Key) -> None:
    """A mix that is heard as a bass is not what it was as anything."""
    assert key(Options(instruments=(Stem.BASS,)), MIX) != key(Options(), MIX)


def test_another_profile_is_another_result(key: Key, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was transcribed before an instrument's profile changed is not used again."""
    before = {name: key(Options(), stems) for name, stems in (("bass", BASS), ("mix", MIX))}

    def wider(stem: Stem, options: Options) -> Profile:
        profile = choose_profile(stem, options)
        return replace(profile, lowest_pitch=21) if stem is Stem.BASS else profile

    monkeypatch.setattr(transcription, "choose_profile", wider)
    assert key(Options(), BASS) != before["bass"]
    assert key(Options(), MIX) == before["mix"]
