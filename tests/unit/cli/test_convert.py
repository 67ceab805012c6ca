"""`scorewire convert` from a recording to its files, in this process."""

from pathlib import Path

import cyclopts
import mido
import pytest
from lxml import etree
from models import SIX_SOURCES, make_tiny_demucs
from sounds import encode, plucked

from scorewire.cli.convert import convert
from scorewire.errors import InvalidRequestError, NotAudioError, WeightsMissingError

MELODY = [(0.5 + 0.5 * step, 0.45, pitch) for step, pitch in enumerate([60, 62, 64, 65, 67] * 3)]


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for Demucs's models, empty at first, on a machine without other settings."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("SCOREWIRE_DEMUCS_FOLDER", str(folder))
    monkeypatch.setenv("SCOREWIRE_DEVICE", "cpu")
    return folder


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A melody of fifteen notes, two a second."""
    return encode(plucked(MELODY), tmp_path / "a melody.flac", "flac")


def run(*tokens: object) -> None:
    """Parse a command line and run it."""
    app = cyclopts.App()
    app.command(convert, name="convert")
    app(
        ["convert", *map(str, tokens)],
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
    )


def onsets_s(path: Path) -> list[float]:
    """When the notes of a MIDI file begin, with its own tempo."""
    clock_s, found = 0.0, []
    for message in mido.MidiFile(path):
        clock_s += message.time
        if message.type == "note_on" and message.velocity > 0:
            found.append(clock_s)
    return found


def test_writes_all_three_files(recording: Path, tmp_path: Path) -> None:
    """The score has the melody's notes and the file's name; the MIDI has them as played."""
    score, midi, quantised = (tmp_path / name for name in ("a.musicxml", "a.mid", "q.mid"))
    run(recording, "--musicxml", score, "--midi", midi, "--quantised-midi", quantised, "--solo")
    root = etree.parse(score).getroot()
    assert "a melody" in score.read_text()
    assert len(root.findall(".//note/pitch")) >= len(MELODY)
    played_s = onsets_s(midi)
    assert len(played_s) == pytest.approx(len(MELODY), abs=3)
    for onset_s, _, _ in MELODY:
        assert min(abs(onset_s - found_s) for found_s in played_s) < 0.02
    assert onsets_s(quantised)


def test_wishes_reach_the_score(recording: Path, tmp_path: Path) -> None:
    """Title, metre, key and section are taken as they are given."""
    score = tmp_path / "a.musicxml"
    run(
        *(recording, "--musicxml", score, "--solo", "--title", "Etude No. 1"),
        *("--time-signature", "3/4", "--key", "D major", "--tempo", "120", "--end", "4"),
    )
    root = etree.parse(score).getroot()
    assert "Etude No. 1" in score.read_text()
    assert root.findtext(".//time/beats") == "3"
    assert root.findtext(".//key/fifths") == "2"
    assert len(root.findall(".//note/pitch")) < len(MELODY)


def test_separates_with_the_models_of_the_settings(
    recording: Path, tmp_path: Path, models: Path
) -> None:
    """With weights at hand the stems that were asked for are written."""
    make_tiny_demucs(models, "htdemucs_6s", SIX_SOURCES)
    score = tmp_path / "a.musicxml"
    run(recording, "--musicxml", score, "--instruments", "piano", "--separation", "demucs")
    assert etree.parse(score).getroot().findtext(".//part-name") == "Piano"


@pytest.mark.parametrize(
    ("tokens", "error"),
    [
        (("--key", "H dur"), InvalidRequestError),
        (("--tempo", "4000"), InvalidRequestError),
        (("--separation", "demucs"), WeightsMissingError),
        (("--midi", "no/such/folder/a.mid"), InvalidRequestError),
    ],
)
def test_nothing_is_written_after_an_error(
    recording: Path, tmp_path: Path, tokens: tuple[str, ...], error: type[Exception]
) -> None:
    """An error leaves the old score as it was, and no scratch files."""
    score = tmp_path / "a.musicxml"
    score.write_text("the old score")
    before = set(tmp_path.iterdir())
    with pytest.raises(error):
        run(recording, "--musicxml", score, *tokens)
    assert score.read_text() == "the old score"
    assert set(tmp_path.iterdir()) == before


def test_wrong_files_are_told(tmp_path: Path) -> None:
    """A file that does not exist, and one that is no recording, are told apart."""
    letter = tmp_path / "a.txt"
    letter.write_text("Dear reader, this is no music." * 20)
    with pytest.raises(InvalidRequestError, match="no file"):
        run(tmp_path / "b.wav", "--musicxml", tmp_path / "a.musicxml")
    with pytest.raises(NotAudioError):
        run(letter, "--musicxml", tmp_path / "a.musicxml")
