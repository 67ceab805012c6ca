"""Sounds that tests make themselves, so that none depends on a recording from elsewhere."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from scorewire.audio import SAMPLE_RATE_HZ, Audio
from scorewire.jobs.options import Stem
from scorewire.media.flac import write_flac
from scorewire.music.drumset import CLOSED_HI_HAT, KICK, OPEN_HI_HAT, SNARE

PlayedNote = tuple[float, float, int]
"""Onset (s), duration (s) and MIDI pitch."""


def tone(duration_s: float, frequency_hz: float = 440.0, level: float = 0.4) -> Audio:
    """A sine on both channels, with a little noise so that no codec squeezes it to nothing."""
    times_s = np.arange(round(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    noise = np.random.default_rng(0).normal(0, level / 20, times_s.size)
    samples = level * np.sin(2 * np.pi * frequency_hz * times_s) + noise
    return Audio(np.stack([samples, samples]).astype(np.float32))


def plucked(notes: Iterable[PlayedNote], tail_s: float = 1.0) -> Audio:
    """Notes of five decaying partials, somewhat like a piano's."""
    played = list(notes)
    end_s = max(onset_s + duration_s for onset_s, duration_s, _ in played) + tail_s
    samples = np.zeros(round(end_s * SAMPLE_RATE_HZ), np.float32)
    for onset_s, duration_s, pitch in played:
        sound = _pluck(duration_s, pitch)
        start = round(onset_s * SAMPLE_RATE_HZ)
        samples[start : start + sound.size] += sound
    return Audio(np.stack([samples, samples]))


def study(seed: int, *, length: int = 12) -> list[PlayedNote]:
    """A line of quavers at 120 in C major; every seed is another line."""
    scale = [60, 62, 64, 65, 67, 69, 71, 72]
    steps = np.random.default_rng(seed).integers(0, len(scale), length)
    return [(0.25 * i, 0.24, scale[step]) for i, step in enumerate(steps)]


def band(*, bpm: float, bars: int = 8) -> dict[Stem, Audio]:
    """A melody, chords, a bass and drums in C major and 4/4, each alone and all as `Stem.MIX`.

    The bass plays on the first and the third beat, chords on the second and the fourth; the melody
    has a note on each beat; the drums a kick and a snare in turn, and hi-hats between.
    """
    beat_s = 60 / bpm
    roots = [36, 41, 43, 36]
    tune = [72, 74, 76, 77, 79, 77, 76, 74]

    def times(beats: Iterable[int]) -> list[tuple[int, float]]:
        return [(beat, 0.3 + beat * beat_s) for beat in beats]

    total = 4 * bars
    played = {
        Stem.VOCALS: [(t, 0.9 * beat_s, tune[beat % 8]) for beat, t in times(range(total))],
        Stem.OTHER: [
            (t, 0.6 * beat_s, roots[beat // 4 % 4] + interval)
            for beat, t in times(range(1, total, 2))
            for interval in (12, 19, 28)
        ],
        Stem.BASS: [(t, 1.8 * beat_s, roots[b // 4 % 4]) for b, t in times(range(0, total, 2))],
    }
    last = (total * beat_s, 0.1, 60)
    length = plucked([last]).samples.shape[1]
    stems = {stem: _padded(plucked(notes), length) for stem, notes in played.items()}
    stems[Stem.DRUMS] = _drums([t for _, t in times(range(total))], beat_s, length)
    mix = np.sum([audio.samples for audio in stems.values()], axis=0)
    return {**stems, Stem.MIX: Audio(mix.astype(np.float32))}


def _padded(audio: Audio, length: int) -> Audio:
    samples = audio.samples[:, :length]
    return Audio(np.pad(samples, ((0, 0), (0, length - samples.shape[1]))))


def _drums(beats_s: Sequence[float], beat_s: float, length: int) -> Audio:
    strokes = [
        (at_s, sound)
        for number, beat in enumerate(beats_s)
        for at_s, sound in ((beat, (KICK, SNARE)[number % 2]), (beat + beat_s / 2, CLOSED_HI_HAT))
    ]
    samples = drummed(strokes, tail_s=1.0).samples[:, :length]
    return _padded(Audio(samples), length)


def drummed(strokes: Iterable[tuple[float, int]], tail_s: float = 0.5) -> Audio:
    """Strokes at a time (s) on a drum of General MIDI's percussion map.

    A falling sine for a kick, a tone and noise for a snare, high noise for hi-hats.
    """
    played = sorted(strokes)
    random = np.random.default_rng(0)
    times_s = np.arange(round(0.5 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    noise = random.normal(0, 1, times_s.size)
    dark = np.convolve(noise, np.hanning(12) / 2.5, mode="same")
    kick = 0.4 * np.sin(2 * np.pi * (50 + 100 * np.exp(-40 * times_s)) * times_s)
    sounds = {
        KICK: kick * np.exp(-20 * times_s),
        SNARE: (0.2 * np.sin(2 * np.pi * 190 * times_s) + 0.15 * dark) * np.exp(-25 * times_s),
        CLOSED_HI_HAT: 0.05 * np.diff(noise, prepend=0.0) * np.exp(-60 * times_s),
        OPEN_HI_HAT: 0.05 * np.diff(noise, prepend=0.0) * np.exp(-5 * times_s),
    }
    samples = np.zeros(round((played[-1][0] + tail_s + 0.5) * SAMPLE_RATE_HZ))
    for at_s, sound in played:
        start = round(at_s * SAMPLE_RATE_HZ)
        samples[start : start + times_s.size] += sounds[sound]
    return Audio(np.stack([samples, samples]).astype(np.float32))


def write_study(path: Path, seed: int) -> Path:
    """Record a study as a FLAC file."""
    write_flac(plucked(study(seed)), path)
    return path


def encode(audio: Audio, path: Path, codec: str, *, layout: str = "stereo") -> Path:
    """Write a file with FFmpeg's encoder `codec`, in the format that its name ends in."""
    channels = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    rate_hz = 48_000 if codec == "libopus" else SAMPLE_RATE_HZ
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz)
        stream.layout = layout
        frame = av.AudioFrame.from_ndarray(
            np.repeat(audio.samples[:1], channels, axis=0), format="fltp", layout=layout
        )
        frame.sample_rate = SAMPLE_RATE_HZ
        size = stream.codec_context.frame_size or None
        resampler = av.AudioResampler(stream.format.name, layout, rate_hz, frame_size=size)
        for piece in (*resampler.resample(frame), *resampler.resample(None), None):
            container.mux(stream.encode(piece))
    return path


def _pluck(duration_s: float, pitch: int) -> NDArray[np.float32]:
    frequency_hz = 440 * 2 ** ((pitch - 69) / 12)
    times_s = np.arange(round(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    partials = [
        np.sin(2 * np.pi * frequency_hz * number * times_s) / number * np.exp(-4 * number * times_s)
        for number in range(1, 6)
    ]
    fade = np.minimum(1, times_s / 0.003) * np.minimum(1, (duration_s - times_s) / 0.01)
    return (0.2 * sum(partials) * fade).astype(np.float32)
