"""`scorewire convert`: one recording to a score, in this process.

The same stage code as the service runs, without its server, database and queue: for scripts, for
evaluation, and for a first try.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from scorewire.cli.timecode import seconds
from scorewire.cli.wishes import TimeSignature, checked_options, spelled_key
from scorewire.errors import InvalidRequestError
from scorewire.jobs.options import Options, SeparationMode, Stem
from scorewire.jobs.report import Report
from scorewire.jobs.stages import Stage, overall_progress
from scorewire.settings import Settings


@Parameter(name="*")
@dataclass(frozen=True)
class Outputs:
    """Files to write.

    Attributes:
        musicxml: Score as MusicXML.
        midi: MIDI as played.
        quantised_midi: MIDI as written.
    """

    musicxml: Path
    midi: Path | None = None
    quantised_midi: Path | None = None


@Parameter(name="*")
@dataclass(frozen=True)
class Wishes:
    """What is known about the music; whatever is left out is estimated.

    Attributes:
        title: Title of the score; the file's name without it.
        solo: One instrument plays alone, so nothing is separated.
        instruments: What is heard, and which stems are written down.
        separation: Whether the recording is split into instruments first.
        tempo: Beats per minute.
        time_signature: Metre.
        key: Key, such as "F# minor".
        chord_symbols: Chords are named over the top staff.
        swing: Swung eighths are written straight, under "Swing", or never; otherwise as heard.
        start: Where the section begins, in seconds or m:ss.
        end: Where the section ends.
    """

    title: str | None = None
    solo: Annotated[bool, Parameter(negative=())] = False
    instruments: Annotated[tuple[Stem, ...], Parameter(consume_multiple=True, negative=())] = ()
    separation: SeparationMode = SeparationMode.AUTO
    tempo: float | None = None
    time_signature: TimeSignature | None = None
    key: str | None = None
    chord_symbols: Annotated[bool, Parameter(negative=())] = False
    swing: bool | None = None
    start: str = "0"
    end: str | None = None


def convert(file: Path, /, *, outputs: Outputs, wishes: Wishes | None = None) -> None:
    """Turn a recording into sheet music.

    Args:
        file: The recording: WAV, FLAC, MP3, M4A, Ogg, WebM, or a video.
        outputs: Files to write.
        wishes: What is known about the music.

    Raises:
        ScorewireError: the recording cannot become a score, or an option is not allowed; nothing
            was written.
    """
    options = _options(wishes or Wishes())
    _check_paths(file, outputs)
    settings = Settings()
    # Models and codecs are imported only now, so that a slip above is told at once.
    from scorewire.inference.loading import (  # noqa: PLC0415 - see above
        load_separator,
        load_transcriber,
    )
    from scorewire.media.link import Limits  # noqa: PLC0415 - see above
    from scorewire.pipeline.download import from_file  # noqa: PLC0415 - see above
    from scorewire.pipeline.musicxml import engrave  # noqa: PLC0415 - see above
    from scorewire.pipeline.separation import separate  # noqa: PLC0415 - see above
    from scorewire.pipeline.transcription import transcribe  # noqa: PLC0415 - see above

    limits = Limits(settings.url_hosts, settings.max_upload_bytes, settings.max_duration_s)
    separator = load_separator(
        settings.separator,
        device=settings.device,
        model=settings.demucs_model,
        folder=settings.demucs_folder,
        instruments=options.instruments,
    )
    transcriber = load_transcriber(
        settings.transcriber, device=settings.device, weights=settings.transcriber_weights
    )
    with _progress() as progress:
        recording = from_file(file, options, limits, progress.of(Stage.DOWNLOAD))
        stems = separate(recording.audio, options, separator, progress.of(Stage.SEPARATION))
        parts = transcribe(stems, options, transcriber, progress.of(Stage.TRANSCRIPTION))
        title = options.title or recording.title
        score = engrave(parts, options, title=title, report=progress.of(Stage.MUSICXML))
    _write(outputs.musicxml, score.musicxml)
    if outputs.midi is not None:
        _write(outputs.midi, score.performance_midi)
    if outputs.quantised_midi is not None:
        _write(outputs.quantised_midi, score.midi)


def _options(wishes: Wishes) -> Options:
    return checked_options(
        title=wishes.title,
        recording="solo" if wishes.solo else "mix",
        instruments=wishes.instruments,
        separation=wishes.separation,
        start_s=seconds(wishes.start, "--start"),
        end_s=None if wishes.end is None else seconds(wishes.end, "--end"),
        notation={
            "tempo_bpm": wishes.tempo,
            "time_signature": wishes.time_signature,
            "key": spelled_key(wishes.key),
            "chord_symbols": wishes.chord_symbols,
            "swing": wishes.swing,
        },
    )


def _check_paths(file: Path, outputs: Outputs) -> None:
    if not file.is_file():
        message = f"There is no file {file}: give the path of a recording."
        raise InvalidRequestError(message)
    for path in (outputs.musicxml, outputs.midi, outputs.quantised_midi):
        if path is None:
            continue
        folder = path.absolute().parent
        if not folder.is_dir():
            message = f"There is no folder {folder}: make it first."
            raise InvalidRequestError(message)
        if path.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            message = f"{path} cannot be written: give the path of a file in a folder of yours."
            raise InvalidRequestError(message)


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    try:
        _write_whole(path, content)
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror}): make room, or give another path."
        raise InvalidRequestError(message) from error


def _write_whole(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.absolute().parent, delete=False) as part:
        scratch = Path(part.name)
        try:
            part.write(content)
            part.close()
            scratch.chmod(0o644)  # a temporary file is closed to others
            scratch.replace(path)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise


class _Progress:
    """The whole conversion's progress, 0-100, from that of its stages."""

    def __init__(self, show: Callable[[float, str], None]) -> None:
        self._show = show

    def of(self, stage: Stage) -> Report:
        def report(fraction: float, message: str) -> None:
            self._show(overall_progress(stage, fraction), message)

        return report


@contextmanager
def _progress() -> Iterator[_Progress]:
    """A progress bar on standard error where a person watches."""
    if not sys.stderr.isatty():
        yield _Progress(lambda _percent, _message: None)
        return
    from rich.console import Console  # noqa: PLC0415 - needed only where a person watches
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415 - as above

    columns = BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.description}")
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=100)

        def show(percent: float, message: str) -> None:
            bar.update(task, completed=percent, description=message)

        yield _Progress(show)
