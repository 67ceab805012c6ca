"""Notes from one stem by basic-pitch (Bittner et al., ICASSP 2022), on ONNX Runtime.

Only basic-pitch's model is used, not its Python code, for three reasons. That code imports
librosa, resampy and numba, which costs 4 s in every process and 13 s of compilation in a fresh
one. It joins the model's windows as if they lay a whole number of frames apart and corrects the
times by an empirical constant, where the windows' positions are known exactly. And it drops the
last 0.7 % of every recording, 6 s of 15 minutes. `decoding` makes notes of what the model says.
"""

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorewire.audio import Audio
from scorewire.errors import WeightsMissingError
from scorewire.inference.decoding import Matrix, decode_notes
from scorewire.inference.loudness import find_velocities
from scorewire.inference.profiles import Profile
from scorewire.jobs.report import Report
from scorewire.music.notes import Note

MODEL_RATE_HZ = 22_050
HOP = 256
"""Samples between two frames of the model's output."""
WINDOW = 2 * MODEL_RATE_HZ - HOP
"""Samples that the model takes at once."""
EDGE_FRAMES = 15
"""Frames at either edge of a window that lack context and are dropped."""
WINDOW_STEP = WINDOW - 2 * EDGE_FRAMES * HOP
_MODEL_FILE = Path("saved_models", "icassp_2022", "nmp.onnx")
_DIGEST_LETTERS = 12
_INPUT = "serving_default_input_2:0"
_OUTPUTS = ("StatefulPartitionedCall:1", "StatefulPartitionedCall:2")  # frames, onsets


class BasicPitchTranscriber:
    """basic-pitch's own model, in the ONNX form that its package carries.

    Args:
        device: ``auto`` and ``cuda`` use the GPU where ONNX Runtime was built for it.
        weights: a model of the same inputs and outputs, trained otherwise; an ONNX file.
    """

    def __init__(self, device: str = "auto", weights: Path | None = None) -> None:
        self._device = device
        self._weights = weights
        self._session: Any = None

    @property
    def model_id(self) -> str:
        """The model's name, what weights it has, and the version of its decoding here.

        Raises:
            WeightsMissingError: there is no such file.
        """
        training = "icassp-2022"
        if self._weights is not None:
            training = hashlib.sha256(_read(self._weights)).hexdigest()[:_DIGEST_LETTERS]
        return f"basic-pitch-{training}:5"

    def transcribe(self, audio: Audio, profile: Profile, report: Report) -> Sequence[Note]:
        """Transcribe one stem; the notes are sorted by onset, then pitch.

        Args:
            audio: the stem, at any rate.
            profile: how the instrument is heard.
            report: told the share of the windows that the model has seen.

        Raises:
            WeightsMissingError: there is no such file.
        """
        samples = _resample(audio)
        frames, onsets = self._posteriors(samples, report)
        times_s = frame_times_s(len(frames))
        decoded = decode_notes(frames, onsets, profile)
        struck = [(float(times_s[note.start]), note.pitch) for note in decoded]
        velocities = find_velocities(samples, MODEL_RATE_HZ, struck)
        notes = [
            Note(float(times_s[note.start]), float(times_s[note.end]), note.pitch, velocity)
            for note, velocity in zip(decoded, velocities, strict=True)
        ]
        report(1.0, f"Found {len(notes)} notes")
        return sorted(notes, key=lambda note: (note.onset_s, note.pitch))

    def _posteriors(self, samples: Matrix, report: Report) -> tuple[Matrix, Matrix]:
        """Run the model window by window.

        Returns:
            Probabilities, each of shape (frames, 88), that a pitch sounds, and that it begins.
        """
        session = self._load()
        edge = EDGE_FRAMES * HOP
        starts = range(-edge, len(samples), WINDOW_STEP)
        parts: tuple[list[Matrix], list[Matrix]] = ([], [])
        for number, start in enumerate(starts, 1):
            window = samples[max(start, 0) : start + WINDOW]
            before = max(-start, 0)
            padded = np.pad(window, (before, WINDOW - before - len(window)))
            outputs = session.run(_OUTPUTS, {_INPUT: padded.reshape(1, -1, 1)})
            for part, output in zip(parts, outputs, strict=True):
                part.append(output[0, EDGE_FRAMES:-EDGE_FRAMES])
            seconds = min(number * WINDOW_STEP, len(samples)) // MODEL_RATE_HZ
            report(number / len(starts), f"Listened to {seconds} s")
        frames, onsets = (np.concatenate(part) for part in parts)
        within = int(np.searchsorted(frame_times_s(len(frames)), len(samples) / MODEL_RATE_HZ))
        return frames[:within], onsets[:within]

    def _load(self) -> Any:  # noqa: ANN401 - onnxruntime ships no types
        if self._session is None:
            import onnxruntime  # noqa: PLC0415 - half a second that only a transcription pays

            wanted = ["CUDAExecutionProvider"] if self._device in {"auto", "cuda"} else []
            present = onnxruntime.get_available_providers()
            providers = [name for name in wanted if name in present]
            model = model_path() if self._weights is None else _read(self._weights)
            self._session = onnxruntime.InferenceSession(
                model, providers=[*providers, "CPUExecutionProvider"]
            )
        return self._session


def _read(weights: Path) -> bytes:
    try:
        return weights.read_bytes()
    except OSError as error:
        message = (
            f"The transcriber's weights {weights} cannot be read ({error.strerror}); set "
            "SCOREWIRE_TRANSCRIBER_WEIGHTS to an ONNX file, or leave it out."
        )
        raise WeightsMissingError(message) from error


def model_path() -> Path:
    """Where the installed basic-pitch keeps its ONNX model, found without importing it."""
    spec = importlib.util.find_spec("basic_pitch")
    if spec is None or not spec.submodule_search_locations:
        message = "basic-pitch is not installed"
        raise ModuleNotFoundError(message)
    return Path(spec.submodule_search_locations[0]) / _MODEL_FILE


def frame_times_s(count: int) -> NDArray[np.float64]:
    """Time of each frame of the joined windows, in seconds.

    A window's kept frames lie `HOP` samples apart, but the windows lie `WINDOW_STEP` apart, which
    is 188 samples less than the frames kept of one.
    """
    frames_kept = -(-WINDOW // HOP) - 2 * EDGE_FRAMES
    window, frame = np.divmod(np.arange(count), frames_kept)
    times: NDArray[np.float64] = (window * WINDOW_STEP + frame * HOP) / MODEL_RATE_HZ
    return times


def _resample(audio: Audio) -> Matrix:
    import soxr  # noqa: PLC0415 - loaded with the model, not with the command line

    mono = audio.samples.mean(axis=0, dtype=np.float32)
    resampled: Matrix = soxr.resample(mono, audio.sample_rate_hz, MODEL_RATE_HZ, quality="HQ")
    return resampled
