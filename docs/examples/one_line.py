"""A transcriber of one's own, for Scorewire: a line without chords, by autocorrelation.

    export PYTHONPATH=docs/examples SCOREWIRE_TRANSCRIBER=one_line:OneLineTranscriber
    scorewire convert whistling.wav --musicxml whistling.musicxml --solo

What it listens for stands in a JSON file, as the weights of a larger model would, and
SCOREWIRE_TRANSCRIBER_WEIGHTS names another one.
"""

import hashlib
import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from scorewire.audio import Audio
from scorewire.errors import WeightsMissingError
from scorewire.inference.profiles import Profile
from scorewire.jobs.report import Report
from scorewire.music.notes import Note

HOP_S, WINDOW_S = 0.01, 0.05
USUAL = {"lowest_hz": 80.0, "highest_hz": 1200.0, "clarity": 0.8, "silence": 0.01}


class OneLineTranscriber:
    """Implements `scorewire.inference.ports.Transcriber`; nothing needs to be inherited.

    Args:
        device: what the operator set; there is no model here to put on a GPU.
        weights: a JSON file with some of the figures of `USUAL`.
    """

    def __init__(self, device: str = "auto", weights: Path | None = None) -> None:
        del device
        self._weights = weights

    @property
    def model_id(self) -> str:
        """Results are reused under this name, so it says what the figures are."""
        figures = json.dumps(self._figures(), sort_keys=True).encode()
        return f"one-line-{hashlib.sha256(figures).hexdigest()[:12]}:1"

    def transcribe(self, audio: Audio, profile: Profile, report: Report) -> Sequence[Note]:
        """Follow the pitch; frames in a row with the same one are a note."""
        figures = self._figures()
        samples, rate_hz = audio.samples.mean(axis=0), audio.sample_rate_hz
        hop, window = round(HOP_S * rate_hz), round(WINDOW_S * rate_hz)
        starts = range(0, len(samples) - window, hop)
        pitches = []
        for number, start in enumerate(starts, 1):
            pitches.append(_pitch(samples[start : start + window], rate_hz, figures))
            if number % 100 == 0:  # a second of music
                report(number / len(starts), f"Listened to {number // 100} s")
        notes, frame = [], 0
        for pitch, group in groupby(pitches):
            end = frame + len(list(group))
            if pitch is not None and (end - frame) * HOP_S >= profile.minimum_note_ms / 1000:
                notes.append(Note(frame * HOP_S, end * HOP_S, pitch, velocity=80))
            frame = end
        report(1.0, f"Found {len(notes)} notes")
        return notes

    def _figures(self) -> dict[str, float]:
        if self._weights is None:
            return USUAL
        try:
            return {**USUAL, **json.loads(self._weights.read_text())}
        except (OSError, ValueError) as error:
            message = f"{self._weights} is no JSON file with figures for OneLineTranscriber."
            raise WeightsMissingError(message) from error


def _pitch(samples: np.ndarray, rate_hz: int, figures: dict[str, float]) -> int | None:
    """MIDI pitch of a moment, or None where it is silent or has no clear one."""
    if np.sqrt(np.mean(samples**2)) < figures["silence"]:
        return None
    spectrum = np.fft.rfft(samples, 2 * len(samples))
    likeness = np.fft.irfft(np.abs(spectrum) ** 2)[: len(samples)]
    likeness /= likeness[0] * np.linspace(1, 1 / len(samples), len(samples))
    shortest, longest = (int(rate_hz / figures[f"{end}_hz"]) for end in ("highest", "lowest"))
    within = likeness[shortest:longest]
    inner = within[1:-1]
    peaks = np.flatnonzero((inner > within[:-2]) & (inner >= within[2:])) + 1
    clear = [int(peak) for peak in peaks if within[peak] > figures["clarity"]]
    if not clear:
        return None
    highest = max(within[peak] for peak in clear)
    period = shortest + next(peak for peak in clear if within[peak] > 0.95 * highest)
    return round(69 + 12 * np.log2(rate_hz / period / 440))
