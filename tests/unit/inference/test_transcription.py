"""basic-pitch's model on sounds whose notes are known, and the library as reference."""

import logging
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from sounds import PlayedNote, plucked

from scorewire.audio import Audio
from scorewire.inference.decoding import decode_notes
from scorewire.inference.profiles import Profile
from scorewire.inference.transcription import (
    MODEL_RATE_HZ,
    WINDOW_STEP,
    BasicPitchTranscriber,
    frame_times_s,
    model_path,
)
from scorewire.media.flac import write_flac
from scorewire.music.notes import Note

SCALE: list[PlayedNote] = [
    (0.3 + 0.41 * step, 0.35, pitch)
    for step, pitch in enumerate([60, 62, 64, 65, 67, 69, 71, 72, 71, 69, 67, 65, 64, 62, 60] * 3)
]
CHORDS: list[PlayedNote] = [
    (0.3 + 0.8 * step, 0.7, pitch)
    for step, chord in enumerate([(48, 64, 67), (53, 65, 69), (55, 62, 71), (48, 64, 72)])
    for pitch in chord
]


@pytest.fixture(scope="module")
def transcriber() -> BasicPitchTranscriber:
    """One transcriber, so that the model is loaded once."""
    return BasicPitchTranscriber()


def ignore(fraction: float, message: str) -> None:
    """Report to nobody."""


def matched(notes: list[Note], played: list[PlayedNote], tolerance_s: float) -> int:
    """Number of played notes that were found, at their pitch and time."""
    return sum(
        any(note.pitch == pitch and abs(note.onset_s - onset_s) < tolerance_s for note in notes)
        for onset_s, _, pitch in played
    )


@pytest.mark.parametrize("played", [SCALE, CHORDS], ids=["scale", "chords"])
def test_finds_what_was_played(
    transcriber: BasicPitchTranscriber, played: list[PlayedNote]
) -> None:
    """Every note is found at its pitch within 20 ms, and hardly any that was not played."""
    notes = list(transcriber.transcribe(plucked(played), Profile(), ignore))
    assert matched(notes, played, 0.02) == len(played)
    assert len(notes) <= 1.2 * len(played)


def test_onsets_do_not_drift(transcriber: BasicPitchTranscriber) -> None:
    """Onset errors at the end of 18 s are as small as at the start: windows join exactly."""
    notes = transcriber.transcribe(plucked(SCALE), Profile(), ignore)
    errors_s = [
        min((note.onset_s - onset_s for note in notes if note.pitch == pitch), key=abs)
        for onset_s, _, pitch in SCALE
    ]
    assert np.std(errors_s) < 0.005
    assert abs(np.mean(errors_s[:15]) - np.mean(errors_s[-15:])) < 0.003


def test_notes_are_well_formed(transcriber: BasicPitchTranscriber) -> None:
    """Notes are sorted by onset and pitch, end after they begin, and have a MIDI velocity."""
    notes = list(transcriber.transcribe(plucked(CHORDS), Profile(), ignore))
    assert notes == sorted(notes, key=lambda note: (note.onset_s, note.pitch))
    assert all(note.offset_s > note.onset_s for note in notes)
    assert all(1 <= note.velocity <= 127 for note in notes)


def test_options_are_heeded(transcriber: BasicPitchTranscriber) -> None:
    """Long shortest notes drop short ones, and a low onset threshold finds no fewer."""
    audio = plucked(SCALE)
    usual = transcriber.transcribe(audio, Profile(), ignore)
    assert not transcriber.transcribe(audio, Profile(minimum_note_ms=900), ignore)
    eager = transcriber.transcribe(audio, Profile(onset_threshold=0.3), ignore)
    assert len(eager) >= len(usual)


def test_progress_counts_windows(transcriber: BasicPitchTranscriber) -> None:
    """Each window of the model is one step of progress."""
    fractions: list[float] = []
    audio = plucked(SCALE)
    transcriber.transcribe(audio, Profile(), lambda fraction, _: fractions.append(fraction))
    windows = -(-audio.duration_s * MODEL_RATE_HZ // WINDOW_STEP)
    assert fractions == sorted(fractions)
    assert len(fractions) >= windows
    assert fractions[-1] == 1.0


def test_the_last_second_is_heard(transcriber: BasicPitchTranscriber) -> None:
    """A note just before the end of 60 s is found; the library would cut off the last 0.4 s."""
    played: list[PlayedNote] = [(0.5, 0.4, 60), (59.65, 0.3, 67)]
    notes = list(transcriber.transcribe(plucked(played, tail_s=0.05), Profile(), ignore))
    assert matched(notes, played, 0.03) == 2


@pytest.mark.parametrize("samples", [0, 1, 1000, 44_100])
def test_any_length_is_taken(transcriber: BasicPitchTranscriber, samples: int) -> None:
    """A recording shorter than the model's window, or empty, has no notes and no error."""
    audio = Audio(np.zeros((2, samples), np.float32))
    assert list(transcriber.transcribe(audio, Profile(), ignore)) == []


@pytest.fixture(scope="module")
def library() -> ModuleType:
    """basic-pitch's own code, without its complaints of frameworks that it does not need."""
    logging.disable(logging.WARNING)
    import basic_pitch.inference  # noqa: PLC0415 - slow, and noisy without the line above

    logging.disable(logging.NOTSET)
    return basic_pitch


def test_same_notes_as_from_the_librarys_posteriors(
    transcriber: BasicPitchTranscriber, library: ModuleType, tmp_path: Path
) -> None:
    """basic-pitch's own resampling, windows and model call give the same notes within 12 ms."""
    audio = plucked(CHORDS + [(onset_s + 4, *rest) for onset_s, *rest in SCALE])
    write_flac(audio, tmp_path / "a.flac", bits=24)
    output = library.inference.run_inference(tmp_path / "a.flac", model_path())
    times_s = library.note_creation.model_frames_to_time(len(output["note"]))
    expected = sorted(
        (note.pitch, float(times_s[note.start]))
        for note in decode_notes(output["note"], output["onset"], Profile())
    )
    notes = transcriber.transcribe(audio, Profile(), ignore)
    found = sorted((note.pitch, note.onset_s) for note in notes)
    assert len(found) >= len(CHORDS) + len(SCALE)
    assert [pitch for pitch, _ in found] == [pitch for pitch, _ in expected]
    assert np.allclose(found, expected, atol=0.012, rtol=0)


def test_notes_end_when_they_are_let_go(transcriber: BasicPitchTranscriber) -> None:
    """Half of the notes of a chord sequence end within 100 ms of their release."""
    notes = list(transcriber.transcribe(plucked(CHORDS), Profile(), ignore))
    errors_s = [
        min(abs(note.offset_s - onset_s - length_s) for note in notes if note.pitch == pitch)
        for onset_s, length_s, pitch in CHORDS
    ]
    assert np.median(errors_s) < 0.1


def test_frames_lie_where_the_windows_lie() -> None:
    """Frames are 256 samples apart within a window, and each window starts at its own place."""
    times_s = frame_times_s(142 * 3)
    assert times_s[0] == 0
    assert np.allclose(np.diff(times_s)[:141], 256 / MODEL_RATE_HZ)
    assert times_s[142] == pytest.approx(WINDOW_STEP / MODEL_RATE_HZ)
    assert times_s[284] == pytest.approx(2 * WINDOW_STEP / MODEL_RATE_HZ)


def test_memory_is_bounded() -> None:
    """Five minutes need less than 250 MB beside their own samples, and no heavy library."""
    script = (
        "import resource, sys, numpy as np\n"
        "from scorewire.audio import Audio\n"
        "from scorewire.inference.transcription import BasicPitchTranscriber\n"
        "from scorewire.inference.profiles import Profile\n"
        "noise = np.random.default_rng(0).normal(0, .01, 44100).astype(np.float32)\n"
        "audio = Audio(np.tile(noise, (2, 300)))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "BasicPitchTranscriber().transcribe(audio, Profile(), lambda *_: None)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
        "assert not {'librosa', 'numba', 'tensorflow'} & set(sys.modules)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert int(answer.stdout) < 250 * 1024
    assert not answer.stderr
