"""The kinds of jobs that the suite asks for.

Each is a submission that comes to the same end on every deployment: a real one goes by the
recording and its section, the suite's own worker by the title.
"""

import io
import itertools
import wave
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

SAMPLE = Path(__file__).parents[3] / "samples" / "petzold-menuet.ogg"
SAMPLE_S = 22.0
RATE_HZ = 8_000
LONG_S = 840.0
"""Nearly the longest recording that is taken by default: work for half a minute, or more."""

_count = itertools.count()


class Script(StrEnum):
    """What becomes of a job."""

    COMPLETES = "completes"
    FAILS = "fails"
    HOLDS = "holds"
    """Works until it is cancelled; on a real deployment, half a minute at least."""
    WAITS = "waits"
    """Is never begun. Scripted only, like those below."""
    DIES = "dies"
    """Begins, and is never heard of again."""
    STUMBLES = "stumbles"
    """A stage fails, is tried again by itself, and the job completes."""
    HURRIES = "hurries"
    """Many small events without a pause, then it completes."""
    BURSTS = "bursts"
    """More and longer events than sockets can hold, then it completes."""

    @property
    def title(self) -> str:
        """The title that a scripted worker goes by."""
        return f"Conformance: {self.value}"


@dataclass(frozen=True)
class Recording:
    """What is uploaded."""

    filename: str
    content: bytes
    options: dict[str, Any]


def recording_of(script: Script, *, scripted: bool) -> Recording:
    """Return what makes a real flow follow the script; a scripted worker needs its title alone."""
    options: dict[str, Any] = {"title": script.title, "recording": "solo", "instruments": ["piano"]}
    if scripted or script is Script.FAILS:
        return Recording("silence.wav", _silence(), options)
    # Every section is another, so that no result of an earlier job is found again.
    shorter_s = next(_count) % 100 / 10
    if script is Script.HOLDS:
        return Recording("long.flac", _long(), {**options, "end_s": LONG_S - shorter_s})
    options["end_s"] = SAMPLE_S - shorter_s
    return Recording(SAMPLE.name, SAMPLE.read_bytes(), options)


@cache
def _silence() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as silence:
        silence.setnchannels(1)
        silence.setsampwidth(2)
        silence.setframerate(RATE_HZ)
        silence.writeframes(bytes(2 * RATE_HZ))
    return file.getvalue()


@cache
def _long() -> bytes:
    times_s = np.arange(int(LONG_S * RATE_HZ)) / RATE_HZ
    pitches = 60 + np.random.default_rng().integers(0, 12, int(LONG_S * 2))
    frequencies_hz = 440 * 2 ** ((pitches[(times_s * 2).astype(int)] - 69) / 12)
    samples = 0.4 * np.sin(2 * np.pi * frequencies_hz * times_s)
    file = io.BytesIO()
    soundfile.write(file, samples, RATE_HZ, format="FLAC")
    return file.getvalue()
