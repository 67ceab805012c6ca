"""Velocities from the sound: louder strokes are louder notes, whatever their pitch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import plucked

from scorewire.audio import SAMPLE_RATE_HZ, Audio
from scorewire.inference.loudness import find_velocities
from scorewire.inference.profiles import Profile
from scorewire.inference.transcription import BasicPitchTranscriber

SCALE = [48, 72, 50, 71, 52, 69, 53, 67, 55, 65, 57, 64, 59, 62, 60, 60]
GAINS = [1.0, 0.25, 0.25, 1.0, 0.25, 1.0, 1.0, 0.25] * 2


def played(gains: list[float]) -> Audio:
    """The scale, two notes a second, each times its gain."""
    one_by_one = [
        plucked([(0.5 * i, 0.45, pitch)], tail_s=10).samples[:, : 9 * SAMPLE_RATE_HZ] * gain
        for i, (pitch, gain) in enumerate(zip(SCALE, gains, strict=True))
    ]
    length = max(samples.shape[1] for samples in one_by_one)
    padded = [np.pad(samples, ((0, 0), (0, length - samples.shape[1]))) for samples in one_by_one]
    return Audio(np.sum(padded, axis=0).astype(np.float32))


def test_loud_notes_are_louder_through_the_model():
    """Of strokes that differ by 12 dB, every loud one has more velocity than every quiet one."""
    notes = BasicPitchTranscriber("cpu").transcribe(
        played(GAINS), Profile(), lambda _fraction, _message: None
    )
    found = {round(note.onset_s / 0.5): note.velocity for note in notes}
    assert len(found) >= 12
    loud = [velocity for place, velocity in found.items() if GAINS[place] == 1.0]
    quiet = [velocity for place, velocity in found.items() if GAINS[place] < 1.0]
    assert min(loud) > max(quiet)


def test_the_recordings_level_does_not_count():
    """A recording at a tenth of the level has the same velocities."""
    struck = [(0.5 * i, pitch) for i, pitch in enumerate(SCALE)]
    samples = played(GAINS).samples[0]
    assert find_velocities(samples, SAMPLE_RATE_HZ, struck) == find_velocities(
        samples / 10, SAMPLE_RATE_HZ, struck
    )


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_notes_are_middling(count: int):
    """Nothing can be told of one note; each note has a velocity."""
    samples = played([1.0] * 16).samples[0]
    assert find_velocities(samples, SAMPLE_RATE_HZ, [(0.0, 48)] * count) == [70] * count


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 3), st.integers(0, 127)), max_size=20),
    st.sampled_from([0.0, 1e-6, 1.0]),
)
def test_velocities_are_velocities(struck: list[tuple[float, int]], level: float):
    """From silence to full scale, at the end of the recording and after it: 1 to 127."""
    noise = np.random.default_rng(0).normal(0, 1, 44_100).astype(np.float32) * np.float32(level)
    velocities = find_velocities(noise, 22_050, struck)
    assert len(velocities) == len(struck)
    assert all(1 <= velocity <= 127 for velocity in velocities)
