"""Notes as a sound font plays them and the transcriber hears them, for scripts that compare both.

Needs FluidSynth and the sound font FluidR3_GM (Debian: `fluidsynth fluid-soundfont-gm`).
"""

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import soundfile
from numpy.typing import NDArray

from scorewire.audio import SAMPLE_RATE_HZ, Audio
from scorewire.inference.decoding import Matrix
from scorewire.inference.profiles import Profile
from scorewire.inference.transcription import BasicPitchTranscriber
from scorewire.jobs.report import Report
from scorewire.music.notes import Note

SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
TICKS_PER_SECOND = 1000
TOLERANCE_S = 0.05
"""How far an onset may be heard from where it was played."""


@dataclass(frozen=True)
class Count:
    """How many notes were heard where they were played, heard at all, and played."""

    right: int = 0
    heard: int = 0
    played: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.right + other.right, self.heard + other.heard, self.played + other.played)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.right / max(self.heard + self.played, 1)


class RememberingTranscriber(BasicPitchTranscriber):
    """Runs the model once on each recording."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[bytes, tuple[Matrix, Matrix]] = {}

    def _posteriors(self, samples: Matrix, report: Report) -> tuple[Matrix, Matrix]:
        key = samples.tobytes()
        if key not in self._known:
            self._known[key] = super()._posteriors(samples, report)
        return self._known[key]


def silent(fraction: float, message: str) -> None:
    """Report to nobody."""
    del fraction, message


def render(notes: Sequence[Note], program: int) -> NDArray[np.float32]:
    """Play notes with a General MIDI program; mono, at `SAMPLE_RATE_HZ`."""
    timed = []
    for note in notes:
        struck = mido.Message("note_on", note=note.pitch, velocity=note.velocity)
        timed.append((round(note.onset_s * TICKS_PER_SECOND), struck))
        let_go = mido.Message("note_off", note=note.pitch)
        timed.append((round(note.offset_s * TICKS_PER_SECOND), let_go))
    timed.sort(key=lambda item: (item[0], item[1].type == "note_on"))
    track = mido.MidiTrack([mido.Message("program_change", program=program)])
    now = 0
    for tick, message in timed:
        track.append(message.copy(time=tick - now))
        now = tick
    file = mido.MidiFile(ticks_per_beat=TICKS_PER_SECOND // 2, tracks=[track])  # 120 quarters
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = Path(folder, "notes.mid"), Path(folder, "notes.wav")
        file.save(midi)
        command = ["fluidsynth", "-ni", "-g", "1.0", "-r", str(SAMPLE_RATE_HZ), "-F", str(wav)]
        subprocess.run(  # noqa: S603 - a fixed program and paths of our own
            [*command, str(SOUND_FONT), str(midi)], check=True, capture_output=True
        )
        samples, _ = soundfile.read(wav, dtype="float32")
    mono: NDArray[np.float32] = samples.mean(axis=1)
    return mono


def hear(
    samples: NDArray[np.float32], transcriber: BasicPitchTranscriber, profile: Profile
) -> Sequence[Note]:
    """What the transcriber makes of mono samples at `SAMPLE_RATE_HZ`."""
    return transcriber.transcribe(Audio(np.stack([samples, samples])), profile, silent)


def compare(heard: Sequence[Note], played: Sequence[Note]) -> Count:
    """Count notes that begin where they were played, each of these once, the nearest first."""
    left = list(played)
    for note in heard:
        near = [
            other
            for other in left
            if other.pitch == note.pitch and abs(other.onset_s - note.onset_s) < TOLERANCE_S
        ]
        if near:
            left.remove(min(near, key=lambda other: abs(other.onset_s - note.onset_s)))
    return Count(len(played) - len(left), len(heard), len(played))
