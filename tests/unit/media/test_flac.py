"""Recordings at rest."""

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from scorewire.audio import Audio
from scorewire.errors import NotAudioError
from scorewire.media.flac import read_flac, write_flac


@pytest.mark.parametrize("bits", [16, 24])
def test_every_sample_comes_back(tmp_path: Path, bits: Literal[16, 24]) -> None:
    """Samples of the file's own width are stored without loss, the extremes included."""
    steps = 1 << (bits - 1)
    whole = np.random.default_rng(0).integers(-steps, steps, (2, 100_000))
    whole[:, :2] = [-steps, steps - 1]
    audio = Audio((whole / steps).astype(np.float32))
    write_flac(audio, tmp_path / "a.flac", bits=bits)
    stored = read_flac(tmp_path / "a.flac")
    assert np.array_equal(stored.samples, audio.samples)
    assert stored.samples.dtype == np.float32
    assert stored.sample_rate_hz == 44_100


def test_the_same_samples_give_the_same_bytes(tmp_path: Path) -> None:
    """Content-addressed storage keeps one copy."""
    audio = Audio(np.random.default_rng(1).normal(0, 0.1, (2, 50_000)).astype(np.float32))
    for name in ("a.flac", "b.flac"):
        write_flac(audio, tmp_path / name)
    assert (tmp_path / "a.flac").read_bytes() == (tmp_path / "b.flac").read_bytes()


def test_beyond_full_scale_is_clipped(tmp_path: Path) -> None:
    """A stem that overshoots is clipped, not wrapped round."""
    audio = Audio(np.array([[1.5, -1.5], [0.5, 2.0]], np.float32))
    write_flac(audio, tmp_path / "a.flac")
    expected = [[1 - 2**-15, -1], [0.5, 1 - 2**-15]]
    assert np.allclose(read_flac(tmp_path / "a.flac").samples, expected, atol=1e-6)


def test_damaged_file_is_told(tmp_path: Path) -> None:
    """A file that is no FLAC, and one that ends too early, give our error, in words."""
    noise = np.random.default_rng(2).normal(0, 0.1, (2, 50_000)).astype(np.float32)
    write_flac(Audio(noise), tmp_path / "a.flac")
    whole = (tmp_path / "a.flac").read_bytes()
    for content in (b"not a recording", whole[: len(whole) // 2]):
        (tmp_path / "a.flac").write_bytes(content)
        with pytest.raises(NotAudioError, match="damaged"):
            read_flac(tmp_path / "a.flac")


def test_a_long_recording_is_read_block_by_block(tmp_path: Path) -> None:
    """What is longer than a block comes back whole, and in order."""
    count = 2_500_000
    ramp = (np.arange(count) % 32_768 / 32_768).astype(np.float32)
    audio = Audio(np.stack([ramp, -ramp]))
    write_flac(audio, tmp_path / "a.flac")
    assert np.array_equal(read_flac(tmp_path / "a.flac").samples, audio.samples)
