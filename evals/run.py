"""Measure the scores of this code with an evaluation kit, beside the committed figures.

    make evals KIT=../eval                 # every recording of the kit's `dev` set
    make evals KIT=../eval SAVE=1          # and commit the figures as the new baseline
    make evals KIT=../eval OTHERS=1        # measure the other programs anew as well

A kit is a folder with `evaluate_set.py`, which runs a command on every recording of a set, compares
what it wrote with the truth, and leaves `results.json`, and with `baselines.py`, which has other
programs write the same recordings. Its own requirements are needed besides this project's;
`--python` names an interpreter that has them.
"""

import argparse
import importlib.util
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

BASELINE = Path(__file__).with_name("baseline.json")
OTHERS = Path(__file__).with_name("others.json")
SYSTEMS = {"naive": "music21", "musescore": "MuseScore"}
"""Who writes what basic-pitch's own package hears, by the kit's names, and by their own."""

FIGURES = (
    "onset_f1",
    "onset_offset_f1",
    "time_sig_right",
    "meter_class_right",
    "key_sig_right",
    "position_acc",
    "position_acc_best_shift",
    "duration_acc",
    "staff_acc",
    "spelling_acc",
    "right_onset_f1",
    "right_note_f1",
    "right_note_f1_lenient",
    "omr_ned",
    "schema_valid",
    "bars_complete",
    "musescore_ok",
    "seconds_per_audio_second",
)

MUSESCORE = ("mscore3", "musescore3", "mscore", "musescore")

Means = dict[str, dict[str, float | None]]


def measure(kit: Path, set_name: str, python: str, folder: Path, *, slow: bool) -> Means:
    """Convert every recording of a set, and have the kit judge what comes out."""
    convert = shlex.join([str(Path(sys.executable).with_name("scorewire")), "convert"])
    command = f"{convert} {{audio}} --musicxml {{xml}} --midi {{mid}}"
    return judge(kit, set_name, python, folder, "--cmd", command, slow=slow)


def judge(
    kit: Path, set_name: str, python: str, folder: Path, *arguments: str, slow: bool = False
) -> Means:
    """Have the kit judge the scores in a folder, and read its means by way of playing."""
    command = [
        python,
        str(kit / "evaluate_set.py"),
        *("--set", str(kit / set_name)),
        *("--pred", str(folder)),
        *arguments,
        *([] if slow else ["--no-ned"]),
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - the kit named by whoever runs this
    means: Means = json.loads((folder / "results.json").read_text())["means"]
    if not any(map(shutil.which, MUSESCORE)):
        for figures in means.values():
            figures["musescore_ok"] = None  # the kit counts what it could not try as a failure
    return means


def measure_others(kit: Path, set_name: str, python: str, folder: Path, *, slow: bool) -> Means:
    """Have other programs write the set, MuseScore where it is installed; all of it by program."""
    systems = [name for name in SYSTEMS if name != "musescore" or any(map(shutil.which, MUSESCORE))]
    command = [python, str(kit / "baselines.py"), "--set", str(kit / set_name)]
    command += ["--out", str(folder), "--systems", *systems]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - the kit named by whoever runs this
    return {
        SYSTEMS[name]: judge(kit, set_name, python, folder / name, slow=slow)["all"]
        for name in systems
    }


def table(before: Means, now: Means, others: Means) -> str:
    """Figures now, and before where they differ, and those of others; a row for each figure."""
    ways = [*sorted(set(now) - {"all"}), "all"]
    lines = ["".join([f"{'':26}", *(f"{name:>18}" for name in [*ways, *others])])]
    for figure in FIGURES:
        cells = [_cell(before.get(way, {}).get(figure), now[way].get(figure)) for way in ways]
        cells += [_cell(None, figures.get(figure)) for figures in others.values()]
        lines.append("".join([f"{figure:26}", *(f"{cell:>18}" for cell in cells)]))
    return "\n".join(lines)


def _cell(before: float | None, now: float | None) -> str:
    if now is None:
        return "-"
    return f"{now:.3f}" if before is None else f"{before:.3f} -> {now:.3f}"


def main() -> None:
    """Measure, print, and save where that was asked for."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--kit", type=Path, required=True)
    arguments.add_argument("--set", default="dev", help="folder of the kit to measure on")
    arguments.add_argument("--python", default=sys.executable, help="has the kit's requirements")
    arguments.add_argument("--slow", action="store_true", help="with OMR-NED, minutes more")
    arguments.add_argument("--save", action="store_true", help="write the committed figures anew")
    arguments.add_argument("--others", action="store_true", help="measure other programs anew")
    given = arguments.parse_args()
    if given.python == sys.executable and importlib.util.find_spec("mir_eval") is None:
        arguments.error("this interpreter lacks the kit's requirements: give --python")
    before: Means = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    others: Means = json.loads(OTHERS.read_text()) if OTHERS.exists() else {}
    with TemporaryDirectory() as folder:
        what = (given.kit, given.set, given.python)
        if given.others:
            others |= measure_others(*what, Path(folder, "others"), slow=given.slow)
        now = measure(*what, Path(folder, "ours"), slow=given.slow)
    sys.stdout.write(f"{table(before, now, others)}\n")
    if given.save:
        BASELINE.write_text(json.dumps(now, indent=1) + "\n")
        OTHERS.write_text(json.dumps(others, indent=1) + "\n")


if __name__ == "__main__":
    main()
