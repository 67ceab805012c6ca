"""Any recording to 44.1 kHz stereo, and the errors when that fails."""

from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from sounds import encode, tone

from scorewire.audio import SAMPLE_RATE_HZ, Audio
from scorewire.errors import (
    EmptyAudioError,
    NotAudioError,
    ScorewireError,
    SilentAudioError,
    TooLongError,
    TruncatedAudioError,
)
from scorewire.media.decode import decode

FORMATS = [
    ("a.wav", "pcm_s16le"),
    ("a.flac", "flac"),
    ("a.mp3", "libmp3lame"),
    ("a.ogg", "libopus"),
    ("a.opus", "libopus"),
    ("a.m4a", "aac"),
    ("a.webm", "libopus"),
    ("a.aiff", "pcm_s16be"),
]


class Progress:
    """A report that keeps what it is told."""

    def __init__(self) -> None:
        self.fractions: list[float] = []

    def __call__(self, fraction: float, message: str) -> None:
        """Keep the fraction; every report needs a message."""
        assert message
        self.fractions.append(fraction)


def read(path: Path, **options: float) -> Audio:
    """Decode with a limit of ten seconds."""
    return decode(path, **{"max_duration_s": 10.0, "report": Progress()} | options)


def pitch_hz(audio: Audio) -> float:
    """The strongest frequency of the left channel."""
    spectrum = np.abs(np.fft.rfft(audio.samples[0]))
    return float(np.argmax(spectrum)) / audio.duration_s


@pytest.mark.parametrize(("name", "codec"), FORMATS)
def test_every_format_gives_the_same_sound(tmp_path: Path, name: str, codec: str) -> None:
    """Each format decodes to float32 stereo at 44.1 kHz with its pitch, level and length."""
    audio = read(encode(tone(3.0), tmp_path / name, codec))
    assert audio.samples.dtype == np.float32
    assert audio.samples.shape[0] == 2
    assert audio.sample_rate_hz == SAMPLE_RATE_HZ
    assert audio.duration_s == pytest.approx(3.0, abs=0.05)
    assert pitch_hz(audio) == pytest.approx(440, abs=1)
    assert np.sqrt(np.mean(audio.samples**2)) == pytest.approx(
        0.4 / np.sqrt(2), rel=0.06
    )  # LAME takes 5 %


def test_mono_keeps_its_level(tmp_path: Path) -> None:
    """Mono comes on both channels as it was, not 3 dB lower."""
    source = tone(1.0)
    audio = read(encode(source, tmp_path / "a.wav", "pcm_s16le", layout="mono"))
    assert np.array_equal(audio.samples[0], audio.samples[1])
    assert np.abs(audio.samples - source.samples).max() <= 2**-15


def test_surround_is_mixed_down_within_full_scale(tmp_path: Path) -> None:
    """Six channels become two, scaled back where their sum is too loud."""
    audio = read(encode(tone(1.0), tmp_path / "a.wav", "pcm_s16le", layout="5.1"))
    assert audio.samples.shape == (2, SAMPLE_RATE_HZ)
    assert np.abs(audio.samples).max() == pytest.approx(1.0)
    assert pitch_hz(audio) == pytest.approx(440, abs=1)


def test_other_rates_are_resampled(tmp_path: Path) -> None:
    """A 96 kHz file keeps its pitch and length."""
    times_s = np.arange(96_000) / 96_000
    soundfile.write(tmp_path / "a.wav", 0.3 * np.sin(2 * np.pi * 1000 * times_s), 96_000, "PCM_24")
    audio = read(tmp_path / "a.wav")
    assert audio.duration_s == pytest.approx(1.0, abs=0.001)
    assert pitch_hz(audio) == pytest.approx(1000, abs=1)


def test_section_is_exact(tmp_path: Path) -> None:
    """A section holds just the samples between its ends."""
    source = tone(4.0)
    path = encode(source, tmp_path / "a.flac", "flac")
    section = read(path, start_s=1.25, end_s=2.5)
    assert section.samples.shape == (2, round(1.25 * SAMPLE_RATE_HZ))
    start = round(1.25 * SAMPLE_RATE_HZ)
    expected = source.samples[:, start : start + section.samples.shape[1]]
    assert np.abs(section.samples - expected).max() <= 2**-15


def test_section_outside_is_empty(tmp_path: Path) -> None:
    """A section after the end says where the recording ends."""
    path = encode(tone(2.0), tmp_path / "a.flac", "flac")
    with pytest.raises(EmptyAudioError, match=r"begins at 5 s, but the recording ends at 2\.0 s"):
        read(path, start_s=5.0)


def test_section_of_a_long_file_is_taken(tmp_path: Path) -> None:
    """The limit counts for the section, and the samples around it are not kept."""
    path = encode(tone(12.0), tmp_path / "a.flac", "flac")
    assert read(path, start_s=9.0, end_s=11.0).duration_s == pytest.approx(2.0)


@pytest.mark.parametrize(("name", "codec"), [("a.flac", "flac"), ("a.aac", "aac")])
def test_too_long_is_refused(tmp_path: Path, name: str, codec: str) -> None:
    """A file over the limit is refused, whether or not its header tells its length."""
    path = encode(tone(12.0), tmp_path / name, codec)
    progress = Progress()
    with pytest.raises(TooLongError, match="choose a section"):
        read(path, report=progress)
    assert max(progress.fractions, default=0.0) < 1.0


@pytest.mark.parametrize(("name", "codec"), FORMATS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_cut_off_file_is_told(tmp_path: Path, name: str, codec: str, share: float) -> None:
    """A file whose end is missing is truncated, not a shorter recording."""
    path = encode(tone(8.0), tmp_path / name, codec)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(TruncatedAudioError, match="upload or export it again"):
        read(path)


def test_intact_section_of_a_cut_off_file_is_taken(tmp_path: Path) -> None:
    """What was asked for is there, so what is missing after it does not matter."""
    path = encode(tone(8.0), tmp_path / "a.wav", "pcm_s16le")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert read(path, end_s=2.0).duration_s == pytest.approx(2.0)


def test_streamed_wav_is_whole(tmp_path: Path) -> None:
    """A WAV header whose sizes were never filled in is no proof of a cut."""
    path = encode(tone(2.0), tmp_path / "a.wav", "pcm_s16le")
    content = bytearray(path.read_bytes())
    data = content.index(b"data")
    content[4:8] = content[data + 4 : data + 8] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert read(path).duration_s == pytest.approx(2.0, abs=0.01)


def test_mp3_behind_a_cover_picture(tmp_path: Path) -> None:
    """The declared length is found behind a large ID3 tag, so a cut is told there too."""
    path = encode(tone(8.0), tmp_path / "a.mp3", "libmp3lame")
    sound = path.read_bytes()
    sound = sound[10 + int.from_bytes(sound[8:10]) :] if sound.startswith(b"ID3") else sound
    tag = b"ID3\x04\x00\x00\x00\x08\x00\x00" + bytes(8 << 14)  # 128 KiB of padding
    path.write_bytes(tag + sound)
    assert read(path).duration_s == pytest.approx(8.0, abs=0.05)
    path.write_bytes(tag + sound[: len(sound) // 2])
    with pytest.raises(TruncatedAudioError):
        read(path)


def test_video_gives_its_sound(tmp_path: Path) -> None:
    """A video whose sound ends before its pictures is whole, and gives the sound."""
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("mpeg4", rate=10)
        pictures.width = pictures.height = 64
        sound = container.add_stream("libmp3lame", rate=SAMPLE_RATE_HZ)
        for _ in range(60):
            container.mux(pictures.encode(av.VideoFrame(64, 64, "yuv420p")))
        container.mux(pictures.encode(None))
        frame = av.AudioFrame.from_ndarray(tone(2.0).samples, format="fltp", layout="stereo")
        frame.sample_rate = SAMPLE_RATE_HZ
        for piece in (frame, None):
            container.mux(sound.encode(piece))
    assert read(path).duration_s == pytest.approx(2.0, abs=0.1)


def _png() -> bytes:
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 8, 8, "rgb24"
    encoder.time_base = Fraction(1)
    return bytes(encoder.encode(av.VideoFrame(8, 8, "rgb24"))[0])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"This is a letter, not a song.\n" * 50, id="text"),
        pytest.param(_png(), id="image"),
        pytest.param(np.random.default_rng(1).bytes(200_000), id="noise"),
        pytest.param(b"\x00" * 5000, id="zeros"),
        pytest.param(b"RIFF", id="stub"),
        pytest.param(b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", id="playlist"),
        pytest.param(b"ffconcat version 1.0\nfile /etc/passwd\n", id="concatenation"),
    ],
)
@pytest.mark.parametrize("name", ["a.mp3", "a.wav", "a"])
def test_other_files_are_not_audio(tmp_path: Path, content: bytes, name: str) -> None:
    """Whatever is no media file is refused in words, and never opens another file."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(NotAudioError, match=r"send (WAV|another copy)"):
        read(path)


def test_video_without_sound_is_not_audio(tmp_path: Path) -> None:
    """A silent film says that it has no sound."""
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("mpeg4", rate=10)
        pictures.width = pictures.height = 64
        container.mux(pictures.encode(av.VideoFrame(64, 64, "yuv420p")))
        container.mux(pictures.encode(None))
    with pytest.raises(NotAudioError, match="no sound in it"):
        read(path)


def test_empty_files(tmp_path: Path) -> None:
    """A file of no bytes, and one of no samples, are empty."""
    (tmp_path / "a.wav").touch()
    soundfile.write(tmp_path / "b.wav", np.zeros((0, 2)), SAMPLE_RATE_HZ)
    for name in ("a.wav", "b.wav"):
        with pytest.raises(EmptyAudioError):
            read(tmp_path / name)


@pytest.mark.parametrize(("level", "silent"), [(0.0, True), (0.0008, True), (0.004, False)])
def test_silence(tmp_path: Path, level: float, *, silent: bool) -> None:
    """Nothing over -60 dBFS is silence; a quiet recording is not."""
    path = tmp_path / "a.wav"
    soundfile.write(path, level * tone(1.0, level=1.0).samples.T.clip(-1, 1), SAMPLE_RATE_HZ)
    if silent:
        with pytest.raises(SilentAudioError):
            read(path)
    else:
        assert read(path).duration_s == pytest.approx(1.0)


def test_hostile_floats_are_made_safe(tmp_path: Path) -> None:
    """NaN, infinity and absurd levels of a float WAV come out finite and within full scale."""
    samples = tone(1.0).samples.T.copy()
    samples[100], samples[200], samples[300] = np.nan, np.inf, 3.0
    soundfile.write(tmp_path / "a.wav", samples, SAMPLE_RATE_HZ, "FLOAT")
    audio = read(tmp_path / "a.wav")
    assert np.isfinite(audio.samples).all()
    assert np.abs(audio.samples).max() <= 1.0


@pytest.mark.parametrize(("name", "codec"), FORMATS)
def test_damage_never_escapes_as_a_foreign_error(tmp_path: Path, name: str, codec: str) -> None:
    """Bytes overwritten anywhere give a recording or one of our errors."""
    content = encode(tone(2.0), tmp_path / name, codec).read_bytes()
    random = np.random.default_rng(2)
    for _ in range(20):
        damaged = bytearray(content)
        for place in random.integers(0, len(content), 40):
            damaged[place] = random.integers(256)
        (tmp_path / name).write_bytes(damaged)
        with suppress(ScorewireError):
            assert np.isfinite(read(tmp_path / name).samples).all()


def test_progress_is_true_and_rises(tmp_path: Path) -> None:
    """Reports rise to 1, with one for each second that was read."""
    progress = Progress()
    read(encode(tone(8.0), tmp_path / "a.mp3", "libmp3lame"), report=progress)
    assert progress.fractions == sorted(progress.fractions)
    assert progress.fractions[-1] == 1.0
    assert len(progress.fractions) >= 8
