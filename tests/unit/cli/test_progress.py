"""What a person sees while a job runs."""

import io

import pytest
from rich.console import Console

from scorewire.cli.follow import Update
from scorewire.cli.progress import Bar, Lines, stage_strip
from scorewire.jobs.stages import Stage


def test_plain_lines_come_with_stages_and_every_five_points(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Off a terminal there is one line for a new stage and for each five points, no more."""
    lines = Lines()
    for progress in range(10, 21):
        lines.show(Update(progress, Stage.SEPARATION, "Separating"))
    lines.show(Update(55, Stage.TRANSCRIPTION, "Listening"))
    lines.show(Update(56, Stage.TRANSCRIPTION, "Still listening"))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        " 10 %  separation: Separating",
        " 15 %  separation: Separating",
        " 20 %  separation: Separating",
        " 55 %  transcription: Listening",
    ]


def test_a_retry_that_starts_over_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Progress that falls back, as a new attempt's does, is written."""
    lines = Lines()
    lines.show(Update(30, Stage.SEPARATION, "Separating"))
    lines.show(Update(10, Stage.SEPARATION, "Separating again"))
    assert capsys.readouterr().err.splitlines()[-1] == " 10 %  separation: Separating again"


def test_the_bar_shows_all_four_stages_and_the_percentage() -> None:
    """On a terminal of usual width the stages, the percentage, time and message are all there."""
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=80, color_system=None)
    with Bar(console) as bar:
        bar.show(Update(42, Stage.SEPARATION, "Segment 3 of 7 [x]"))
    shown = output.getvalue()
    assert "download > separation > transcription > musicxml" in shown
    assert "42% 0:00:00" in shown
    assert "Segment 3 of 7 [x]" in shown


def test_the_strip_tells_done_running_and_waiting_apart() -> None:
    """Each stage is styled by where the job stands."""
    assert stage_strip(30, Stage.SEPARATION) == (
        "[green]download[/] > [bold cyan]separation[/] > [dim]transcription[/] > [dim]musicxml[/]"
    )
    assert stage_strip(100, None).count("[green]") == 4
