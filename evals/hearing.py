"""Notes to sound by FluidSynth, and to notes again by the transcriber.

Needs FluidSynth and the sound font FluidR3_GM (Debian: `fluidsynth fluid-soundfont-gm`).
"""

import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import mido
import numpy as np
import soundfile

from scorewire.audio import Audio
from scorewire.inference.transcription import BasicPitchTranscriber
from scorewire.jobs.options import DecodingOptions
from scorewire.music.notes import Note

SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
RATE_HZ = 44_100
TICKS_PER_SECOND = 1000
LET_GO_S = 0.01
"""A key is up for so long before it is struck again."""


def render(notes: Sequence[Note], program: int) -> Audio:
    """Have an instrument play notes.

    Args:
        notes: in any order.
        program: General MIDI program, from 0.
    """
    file = mido.MidiFile(ticks_per_beat=TICKS_PER_SECOND // 2)  # 120 quarters a minute
    track = mido.MidiTrack([mido.Message("program_change", program=program)])
    now = 0
    for time_s, message in sorted(_messages(notes), key=lambda timed: timed[0]):
        tick = round(time_s * TICKS_PER_SECOND)
        track.append(message.copy(time=tick - now))
        now = tick
    file.tracks.append(track)
    with TemporaryDirectory() as folder:
        midi, wav = Path(folder, "notes.mid"), Path(folder, "notes.wav")
        file.save(midi)
        command = ["fluidsynth", "-ni", "-r", str(RATE_HZ), "-F", str(wav), str(SOUND_FONT)]
        subprocess.run(  # noqa: S603 - a fixed program, on files of our own
            [*command, str(midi)], check=True, capture_output=True
        )
        samples, rate_hz = soundfile.read(wav, dtype="float32")
    return Audio(np.ascontiguousarray(samples.T), rate_hz)


def _messages(notes: Sequence[Note]) -> list[tuple[float, mido.Message]]:
    struck_again: dict[int, float] = {}
    timed = []
    for note in sorted(notes, reverse=True):
        last_s = struck_again.get(note.pitch, np.inf) - LET_GO_S
        on = mido.Message("note_on", note=note.pitch, velocity=note.velocity)
        off = mido.Message("note_off", note=note.pitch)
        timed += [(note.onset_s, on), (max(min(note.offset_s, last_s), note.onset_s), off)]
        struck_again[note.pitch] = note.onset_s
    return timed


def hear(audio: Audio) -> Sequence[Note]:
    """What the transcriber makes of a recording."""
    return _transcriber().transcribe(audio, DecodingOptions(), lambda _fraction, _message: None)


@cache
def _transcriber() -> BasicPitchTranscriber:
    return BasicPitchTranscriber("cpu")
