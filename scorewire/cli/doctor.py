"""`scorewire doctor`: what this machine has, and what to do about what it lacks."""

from typing import TYPE_CHECKING

import msgspec

from scorewire.cli.composition import read_settings
from scorewire.cli.terminal import result

if TYPE_CHECKING:
    from scorewire.cli.checks import Finding


def doctor(*, json: bool = False) -> int:
    """Check this machine; exit code 1 where something needed is missing.

    Args:
        json: print one JSON object in place of the table.
    """
    from scorewire.cli.checks import examine  # noqa: PLC0415 - imports torch

    findings = examine(read_settings())
    usable = not any(finding.blocks for finding in findings)
    if json:
        report = {"usable": usable, "checks": findings}
        result(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        _print_table(findings)
        result("Ready to transcribe." if usable else "Something needed is missing: see above.")
    return 0 if usable else 1


def _print_table(findings: list["Finding"]) -> None:
    from rich.console import Console  # noqa: PLC0415 - kept off the `--help` path
    from rich.table import Table  # noqa: PLC0415 - see above
    from rich.text import Text  # noqa: PLC0415 - see above

    marks = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "missing": "[red]missing[/]"}
    table = Table(box=None, pad_edge=False)
    for heading in ("", "Part", "What is there, and what to do"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        lines = [finding.detail, f"-> {finding.remedy}"] if finding.remedy else [finding.detail]
        table.add_row(marks[finding.status], finding.part, Text("\n".join(lines)))
    Console().print(table)
