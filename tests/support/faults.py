"""The real models, made to fail on demand: how the tests bring about what happens in the field.

A test writes the faults it plans into `<data_dir>/faults/<stage>.plan`, one word a line; each call
of the stage uses up the first line. Every call is recorded in `<stage>.calls`. The word `hold` is
no fault: the stage stops in the middle of its real work until the test lets it go on; `none` lets
it work as always.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scorewire.audio import Audio
from scorewire.errors import OutOfMemoryError, SilentAudioError
from scorewire.inference.profiles import Profile
from scorewire.inference.separation import DemucsSeparator
from scorewire.inference.transcription import BasicPitchTranscriber
from scorewire.jobs.options import Stem
from scorewire.jobs.report import Report
from scorewire.music.notes import Note
from scorewire.settings import Settings

HANG_S = 120.0
HOLD = "hold"
NO_FAULT = "none"
HELD_FROM = 0.3
_ASK_INTERVAL_S = 0.05
MATRIX_SIZE = 6_000


class Faults:
    """The plan and the record of one stage."""

    def __init__(self, data_dir: Path, stage: str) -> None:
        folder = data_dir / "faults"
        folder.mkdir(exist_ok=True)
        self._plan = folder / f"{stage}.plan"
        self._calls = folder / f"{stage}.calls"
        self._held = folder / f"{stage}.held"

    def plan(self, *faults: str) -> None:
        """Let the next calls fail like this, one after the other; forget earlier plans."""
        self._plan.write_text("".join(f"{fault}\n" for fault in faults))
        self._calls.write_text("")

    def release(self) -> None:
        """Let a stage that is held go on."""
        self._held.unlink(missing_ok=True)

    @property
    def holding(self) -> bool:
        """Whether a stage is held, or will be as soon as it is in its middle."""
        return self._held.exists()

    @property
    def calls(self) -> int:
        """How often the stage was called since the last `plan`."""
        return len(self._calls.read_text().splitlines()) if self._calls.exists() else 0

    def strike(self, report: Report) -> Report:
        """Record a call, and fail if the plan says so; returns whom to report to."""
        with self._calls.open("a") as record:
            record.write("called\n")
        planned = self._plan.read_text().splitlines() if self._plan.exists() else []
        if not planned:
            return report
        self._plan.write_text("".join(f"{fault}\n" for fault in planned[1:]))
        if planned[0] == HOLD:
            return self._hold(report)
        FAULTS[planned[0]](report)
        return report

    def _hold(self, report: Report) -> Report:
        self._held.touch()

        def report_and_wait(fraction: float, message: str) -> None:
            report(fraction, message)
            until_s = time.monotonic() + HANG_S
            while fraction >= HELD_FROM and self._held.exists() and time.monotonic() < until_s:
                time.sleep(_ASK_INTERVAL_S)

        return report_and_wait


def _out_of_memory(_report: Report) -> None:
    message = "The GPU ran out of memory; try again, or with a shorter section."
    raise OutOfMemoryError(message)


def _silent(_report: Report) -> None:
    message = "Nothing can be heard in this recording; check the file and send it again."
    raise SilentAudioError(message)


def _bug(_report: Report) -> None:
    message = "an internal detail that nobody outside should read"
    raise RuntimeError(message)


def _hang(report: Report) -> None:
    report(0.4, "Hanging, as planned")
    time.sleep(HANG_S)


def _compute(report: Report) -> None:
    """Sit in one call of a library that returns to Python after the better part of a minute."""
    import torch  # noqa: PLC0415 - seconds that only the process of a stage pays

    matrix = torch.rand(MATRIX_SIZE, MATRIX_SIZE)
    report(0.4, "Hanging, as planned")
    torch.linalg.svd(matrix)


FAULTS: Mapping[str, Callable[[Report], None]] = {
    NO_FAULT: lambda _report: None,
    "out_of_memory": _out_of_memory,
    "silent": _silent,
    "bug": _bug,
    "hang": _hang,
    "compute": _compute,
}


class FaultySeparator(DemucsSeparator):
    """Demucs, after the planned faults."""

    def separate(self, audio: Audio, report: Report) -> Mapping[Stem, Audio]:
        """Strike, then separate."""
        report = Faults(Settings().data_dir, "separation").strike(report)
        return super().separate(audio, report)


class FaultyTranscriber(BasicPitchTranscriber):
    """basic-pitch, after the planned faults."""

    def transcribe(self, audio: Audio, profile: Profile, report: Report) -> Sequence[Note]:
        """Strike, then transcribe."""
        report = Faults(Settings().data_dir, "transcription").strike(report)
        return super().transcribe(audio, profile, report)
