"""Recordings and stems at rest: FLAC, lossless, and the same bytes for the same samples.

Storage is addressed by content, so a recording that is decoded twice must be stored once.
"""

from pathlib import Path
from typing import Literal

import numpy as np
import soundfile

from scorewire.audio import Audio
from scorewire.errors import NotAudioError

_BLOCK = 1 << 20


def write_flac(audio: Audio, path: Path, *, bits: Literal[16, 24] = 16) -> None:
    """Write a recording; samples are rounded to `bits`, and clipped at full scale.

    Args:
        audio: the recording.
        path: the file to write.
        bits: 16 keeps everything of a compact disc; its rounding noise lies 98 dB under full
            scale, far below what a transcription can hear. 24 keeps studio recordings whole.
    """
    # Scaled here and not by libsndfile: it multiplies by 32767 but divides by 32768 when it
    # reads, so that a sample would not come back as it was.
    full_scale = 1 << (bits - 1)
    to_int32 = 1 << (32 - bits)  # libsndfile takes the upper bits of an int32
    with soundfile.SoundFile(
        path, "w", audio.sample_rate_hz, audio.samples.shape[0], f"PCM_{bits}", format="FLAC"
    ) as file:
        for start in range(0, audio.samples.shape[1], _BLOCK):
            block = audio.samples[:, start : start + _BLOCK].astype(np.float64) * full_scale
            whole = np.rint(block).clip(-full_scale, full_scale - 1) * to_int32
            file.write(whole.astype(np.int32).T)


def read_flac(path: Path) -> Audio:
    """Read a recording that `write_flac` wrote.

    Raises:
        NotAudioError: the file is not FLAC, or is damaged.
    """
    try:
        with soundfile.SoundFile(path) as file:
            # Block by block: turned round as a whole, a recording would be in memory twice.
            samples = np.empty((file.channels, file.frames), np.float32)
            for start in range(0, file.frames, _BLOCK):
                block = file.read(_BLOCK, "float32", always_2d=True)
                samples[:, start : start + _BLOCK] = block.T
            return Audio(samples, file.samplerate)
    except (soundfile.LibsndfileError, ValueError) as error:  # a cut file has too short a block
        message = "The stored recording is damaged; send it again."
        raise NotAudioError(message) from error
