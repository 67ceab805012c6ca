"""A second transcriber through the port: the documented example, and other weights."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lxml import etree
from score_reading import sounding_notes
from sounds import encode, plucked

from scorewire.errors import WeightsMissingError
from scorewire.inference.loading import load_transcriber
from scorewire.inference.profiles import Profile
from scorewire.inference.transcription import BasicPitchTranscriber, model_path

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
TUNE = [60, 62, 64, 65, 67, 65, 64, 62]
PLAYED = [(0.5 * step, 0.48, pitch) for step, pitch in enumerate(TUNE)]
OWN = "one_line:OneLineTranscriber"


def ignore(fraction: float, message: str) -> None:
    """Take a report."""
    del fraction, message


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> None:
    """The documentation's examples on Python's path."""
    monkeypatch.syspath_prepend(str(EXAMPLES))


def test_the_example_writes_a_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named in the setting, it takes the place of basic-pitch in the command."""
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLES))
    monkeypatch.setenv("SCOREWIRE_TRANSCRIBER", OWN)
    recording = encode(plucked(PLAYED), tmp_path / "tune.flac", "flac")
    score = tmp_path / "tune.musicxml"
    command = [Path(sys.executable).with_name("scorewire"), "convert", recording, "--solo"]
    subprocess.run([*command, "--musicxml", score], check=True, timeout=120)
    written = sounding_notes(etree.parse(score).getroot())
    assert [note.pitch for note in written] == TUNE


@pytest.mark.usefixtures("example")
def test_weights_are_another_model(tmp_path: Path) -> None:
    """A file changes what is heard, and the name under which results are reused."""
    deaf = tmp_path / "deaf.json"
    deaf.write_text('{"lowest_hz": 500}')
    usual, other = (load_transcriber(OWN, device="cpu", weights=file) for file in (None, deaf))
    assert usual.model_id != other.model_id
    heard = {note.pitch for note in usual.transcribe(plucked(PLAYED), Profile(), ignore)}
    assert heard == set(TUNE)
    assert not other.transcribe(plucked([(0, 1, 60)]), Profile(), ignore)


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize("spec", [OWN, "scorewire.inference.transcription:BasicPitchTranscriber"])
def test_missing_weights_are_told(spec: str, tmp_path: Path) -> None:
    """A file that is not there is an operator's to set right."""
    transcriber = load_transcriber(spec, device="cpu", weights=tmp_path / "none")
    with pytest.raises(WeightsMissingError, match="none"):
        transcriber.transcribe(plucked(PLAYED[:1]), Profile(), ignore)
    with pytest.raises(WeightsMissingError):
        _ = transcriber.model_id


def test_basic_pitch_takes_an_onnx_file(tmp_path: Path) -> None:
    """The package's own model, from elsewhere, hears the same notes under another name."""
    copied = Path(shutil.copy(model_path(), tmp_path / "mine.onnx"))
    own, other = BasicPitchTranscriber("cpu"), BasicPitchTranscriber("cpu", weights=copied)
    assert own.model_id == "basic-pitch-icassp-2022:5"
    assert other.model_id.startswith("basic-pitch-")
    assert other.model_id != own.model_id
    audio = plucked(PLAYED)
    heard = [list(model.transcribe(audio, Profile(), ignore)) for model in (own, other)]
    assert heard[0] == heard[1] != []
