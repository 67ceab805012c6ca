"""The first stage: a link or a file becomes 44.1 kHz stereo.

All limits are applied here, so that no later stage meets a recording that is too long, silent or
broken.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path

from scorewire.audio import Audio
from scorewire.jobs.options import Options
from scorewire.jobs.report import Report
from scorewire.media.decode import decode
from scorewire.media.link import Limits, fetch_link
from scorewire.pipeline.spans import span

_FETCH_SHARE = 0.8  # the network is slower than the decoder


@dataclass(frozen=True)
class Recording:
    """A recording, ready for the next stage.

    Attributes:
        audio: the section that was asked for.
        title: what its page or file is called.
    """

    audio: Audio
    title: str


def from_link(
    url: str, options: Options, limits: Limits, folder: Path, report: Report
) -> Recording:
    """Fetch a recording into `folder`, and decode it.

    A section may come from a video of any length; its bytes are limited all the same.

    Raises:
        RequestError: the link cannot be served (see `fetch_link`).
        RecordingError: the recording cannot become a score (see `decode`).
        DownloadFailedError: the network or the site failed.
    """
    whole = limits if options.end_s is None else replace(limits, max_duration_s=math.inf)
    fetched = fetch_link(url, limits=whole, folder=folder, report=span(report, 0, _FETCH_SHARE))
    recording = from_file(fetched.path, options, limits, span(report, _FETCH_SHARE, 1))
    return replace(recording, title=fetched.title or "Untitled")


def from_file(path: Path, options: Options, limits: Limits, report: Report) -> Recording:
    """Decode a file on this machine.

    Raises:
        RecordingError: the recording cannot become a score (see `decode`).
    """
    audio = decode(
        path,
        start_s=options.start_s,
        end_s=options.end_s,
        max_duration_s=limits.max_duration_s,
        report=report,
    )
    return Recording(audio, path.stem)
