"""Any recording to 44.1 kHz stereo, with an error that a person can act on when that fails.

FFmpeg (through PyAV, which bundles it) reads the formats. It is kept to a list of plain media
formats and to local files: its playlist and concatenation formats would let an uploaded file
make this machine open other files and addresses.
"""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from scorewire.audio import SAMPLE_RATE_HZ, Audio
from scorewire.errors import (
    EmptyAudioError,
    NotAudioError,
    SilentAudioError,
    TooLongError,
    TruncatedAudioError,
)
from scorewire.jobs.report import Report
from scorewire.media import containers

SILENCE_PEAK = 10 ** (-60 / 20)
"""Loudest sample of what counts as silence: -60 dBFS lies under the room noise of a recording
of music, and well over the dither (about -90 dBFS) of a digital one."""

_FORMATS = (
    "wav,w64,aiff,au,caf,flac,mp3,aac,ac3,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,"
    "mpeg,mpegts,amr,wv,ape"
)
_OPEN_OPTIONS = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
_STEREO = 2
_MAX_DAMAGED_SHARE = 0.05
_ENCODER_PADDING_S = 0.5
_MIN_MISSING_S = 0.3
_MIN_MISSING_SHARE = 0.005
_MESSAGE = "Reading the recording"

Samples = NDArray[np.float32]


def decode(
    path: Path,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    max_duration_s: float,
    report: Report,
) -> Audio:
    """Read a recording, or a section of it.

    Sections are exact to the sample: the file is decoded from its beginning, and what lies
    outside is dropped at once, so memory holds the section alone.

    Args:
        path: a file of any common audio or video format.
        start_s: where the section begins, in seconds.
        end_s: where it ends; the recording's end without it.
        max_duration_s: longest section that is taken.
        report: told the share of the section that is read.

    Returns:
        The section at 44.1 kHz; mono is on both channels, more than two channels are mixed down,
        and samples beyond full scale are scaled back to it.

    Raises:
        NotAudioError: not a media file, damaged, or without sound.
        TruncatedAudioError: the file ends before its audio does.
        EmptyAudioError: no samples, or none in the section.
        SilentAudioError: nothing in the section is louder than -60 dBFS.
        TooLongError: the section is longer than `max_duration_s`.
    """
    if path.stat().st_size == 0:
        message = "The file is empty; send the recording again."
        raise EmptyAudioError(message)
    section = _Section(start_s, end_s, max_duration_s)
    try:
        with av.open(str(path), options=_OPEN_OPTIONS, metadata_errors="ignore") as container:
            _read(container, path, section, report)
    except (av.FFmpegError, ValueError, OverflowError) as error:
        if containers.is_mp4_without_index(path):
            raise _truncated() from error
        message = "The file is not a recording that can be read; send WAV, FLAC, MP3, M4A or Ogg."
        raise NotAudioError(message) from error
    samples = _clean(section.samples())
    if _peak(samples) < SILENCE_PEAK:
        message = "Nothing can be heard in the recording; check that the right file was sent."
        raise SilentAudioError(message)
    report(1.0, _MESSAGE)
    return Audio(samples)


class _Section:
    """Keeps the samples between two times, and refuses more than a longest duration."""

    def __init__(self, start_s: float, end_s: float | None, max_duration_s: float) -> None:
        self.start_s = start_s
        self.end_s = end_s
        self.max_duration_s = max_duration_s
        self.position = 0
        self._start = round(start_s * SAMPLE_RATE_HZ)
        self._end = None if end_s is None else round(end_s * SAMPLE_RATE_HZ)
        self._room = round((max_duration_s + _ENCODER_PADDING_S) * SAMPLE_RATE_HZ)
        self._blocks: list[Samples] = []

    @property
    def position_s(self) -> float:
        return self.position / SAMPLE_RATE_HZ

    @property
    def complete(self) -> bool:
        return self._end is not None and self.position >= self._end

    def check_duration(self, declared_s: float) -> None:
        """Refuse, before anything is decoded, a file that declares more than may be taken."""
        end_s = declared_s if self.end_s is None else min(self.end_s, declared_s)
        if end_s - self.start_s > self.max_duration_s + _ENCODER_PADDING_S:
            raise self._too_long()

    def fraction(self, duration_s: float | None) -> float:
        """Share of the way to the section's end; `duration_s` may be an estimate."""
        ends_s = [end_s for end_s in (self.end_s, duration_s) if end_s is not None]
        return min(1.0, self.position_s / min(ends_s, default=self.max_duration_s))

    def add(self, block: Samples) -> None:
        first = max(self._start - self.position, 0)
        last = None if self._end is None else max(self._end - self.position, 0)
        kept = block[:, first:last]
        self.position += block.shape[1]
        self._room -= kept.shape[1]
        if self._room < 0:
            raise self._too_long()
        if kept.shape[1]:
            self._blocks.append(kept)

    def samples(self) -> Samples:
        if not self._blocks:
            message = (
                f"The section begins at {self.start_s:g} s, but the recording ends at "
                f"{self.position_s:.1f} s; choose an earlier section."
                if self.position
                else "The file has no sound in it; send the recording again."
            )
            raise EmptyAudioError(message)
        blocks, self._blocks = self._blocks, []  # they would take as much memory again
        return np.concatenate(blocks, axis=1)

    def _too_long(self) -> TooLongError:
        return TooLongError(
            f"The recording is longer than {self.max_duration_s / 60:g} minutes; "
            "choose a section of it."
        )


def _read(container: InputContainer, path: Path, section: _Section, report: Report) -> None:
    stream = container.streams.best("audio")
    if not isinstance(stream, AudioStream):
        message = "The file has no sound in it; send a recording of the music."
        raise NotAudioError(message)
    format_name = container.format.name
    # FFmpeg's duration is good enough for the progress, but only a declared one is evidence.
    duration_s = container.duration / av.time_base if container.duration else None
    declared = duration_s is not None and containers.declares_duration(path, format_name)
    if duration_s is not None and declared:
        section.check_duration(duration_s)
    reached_s = 0.0
    for packet_end_s, blocks in _blocks(container, stream):
        reached_s = max(reached_s, packet_end_s)
        before_s = section.position_s
        for block in blocks:
            section.add(block)
        if int(section.position_s) > int(before_s):
            report(section.fraction(duration_s), _MESSAGE)
        if section.complete:
            return
    if len(container.streams) == 1 and "matroska" not in format_name:
        # Every second must have given samples, so that a hole is found too. A video's sound may
        # end early, and in WebM silence need not be stored.
        start_s = (container.start_time or 0) / av.time_base
        reached_s = min(reached_s, start_s + section.position_s)
    missing_s = duration_s - reached_s if duration_s is not None and declared else 0.0
    missing = missing_s > max(_MIN_MISSING_S, _MIN_MISSING_SHARE * (duration_s or 0.0))
    if missing or containers.is_cut_off(path, format_name):
        raise _truncated()


def _blocks(
    container: InputContainer, stream: AudioStream
) -> Iterator[tuple[float, list[Samples]]]:
    """Decode the audio packet by packet.

    The packets of a video's pictures are passed over, but their times count: a file is cut off
    only if nothing at all reaches its declared end.

    Yields:
        Where the packet ends (seconds on the container's clock), and its samples, each (2, n).
    """
    converter = _StereoConverter()
    packets = damaged = 0
    for packet in container.demux():
        end_s = 0.0
        if packet.pts is not None and packet.time_base is not None:
            end_s = float((packet.pts + (packet.duration or 0)) * packet.time_base)
        blocks: list[Samples] = []
        if packet.stream_index == stream.index:
            packets += 1
            try:
                for frame in stream.decode(packet):
                    blocks += converter.convert(frame)
            except av.FFmpegError:
                damaged += 1
        yield end_s, blocks
    if damaged > max(1, _MAX_DAMAGED_SHARE * packets):
        message = "The recording is damaged and cannot be read; send another copy."
        raise NotAudioError(message)
    yield 0.0, converter.flush()


class _StereoConverter:
    """Frames of any rate and layout to 44.1 kHz stereo.

    FFmpeg's own step from mono to stereo lowers the level by 3 dB, so mono stays mono in it.
    """

    def __init__(self) -> None:
        self._setup: tuple[str, str, int] | None = None
        self._resampler: av.AudioResampler | None = None

    def convert(self, frame: av.AudioFrame) -> list[Samples]:
        blocks: list[Samples] = []
        setup = (frame.format.name, frame.layout.name, frame.sample_rate)
        if setup != self._setup:  # may change inside a chained Ogg or a broadcast
            blocks = self.flush()
            layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
            self._resampler = av.AudioResampler("fltp", layout, SAMPLE_RATE_HZ)
            self._setup = setup
        frame.pts = None  # gaps between time stamps are not filled
        return blocks + self._run(frame)

    def flush(self) -> list[Samples]:
        return self._run(None)

    def _run(self, frame: av.AudioFrame | None) -> list[Samples]:
        if self._resampler is None:
            return []
        return [
            np.broadcast_to(block.to_ndarray(), (_STEREO, block.samples)).astype(np.float32)
            for block in self._resampler.resample(frame)
        ]


def _clean(samples: Samples) -> Samples:
    """Make floats from a hostile or careless encoder safe: finite, and within full scale."""
    np.nan_to_num(samples, copy=False, nan=0.0, posinf=1.0, neginf=-1.0)
    peak = _peak(samples)
    if peak > 1.0:
        samples /= peak
    return samples


def _peak(samples: Samples) -> float:
    """Loudest sample; the absolute values as an array would take as much memory again."""
    return float(max(samples.max(), -samples.min()))


def _truncated() -> TruncatedAudioError:
    return TruncatedAudioError(
        "Part of the recording is missing from the file; upload or export it again in full."
    )
