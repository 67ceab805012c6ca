"""`scorewire transcribe`: one recording in, MusicXML and MIDI out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from scorewire.cli.terminal import result, say
from scorewire.cli.timecode import seconds
from scorewire.cli.wishes import TimeSignature, checked_options, spelled_key
from scorewire.errors import ScorewireError
from scorewire.jobs.options import SeparationMode, Stem

if TYPE_CHECKING:
    from scorewire.cli.submission import Outcome


def transcribe(  # noqa: PLR0913 - each is an option of the command line
    recording: str,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")] = Path(),
    json: Annotated[bool, Parameter(negative=())] = False,
    server: str | None = None,
    title: str | None = None,
    solo: Annotated[bool, Parameter(negative=())] = False,
    instruments: Annotated[tuple[Stem, ...], Parameter(consume_multiple=True, negative=())] = (),
    separation: SeparationMode = SeparationMode.AUTO,
    tempo: float | None = None,
    time_signature: TimeSignature | None = None,
    key: str | None = None,
    chord_symbols: Annotated[bool, Parameter(negative=())] = False,
    swing: bool | None = None,
    start: str = "0",
    end: str | None = None,
) -> int:
    """Transcribe a recording to MusicXML and MIDI.

    Uses the stack that runs on this machine, or starts one for the length of the command.

    Args:
        recording: an audio or video file, or the https:// address of a YouTube video.
        output: folder for the results.
        json: print one JSON object at the end, and nothing else, to standard output.
        server: address of another Scorewire server, for example http://music.example:8000.
        title: title of the piece; otherwise the video's, or the file's name.
        solo: one instrument plays alone, so there is nothing to separate.
        instruments: what is heard, and is to be written down: piano, vocals, bass, ...
        separation: whether to split the recording into instruments first.
        tempo: beats per minute, where the estimate is wrong.
        time_signature: the metre, where the estimate is wrong.
        key: for example "F# minor", where the estimate is wrong.
        chord_symbols: name the chords over the top staff.
        swing: write swung eighths straight, under "Swing", or never; otherwise as heard.
        start: where the section to transcribe begins, in seconds or m:ss.
        end: where it ends.
    """
    try:
        options = checked_options(
            title=title,
            recording="solo" if solo else "mix",
            instruments=instruments,
            separation=separation,
            start_s=seconds(start, "--start"),
            end_s=seconds(end, "--end") if end is not None else None,
            notation={
                "tempo_bpm": tempo,
                "time_signature": time_signature,
                "key": spelled_key(key),
                "chord_symbols": chord_symbols,
                "swing": swing,
            },
        )
        from scorewire.cli.running import run  # noqa: PLC0415 - an option at fault is told first
        from scorewire.cli.submission import submit  # noqa: PLC0415 - see above

        outcome = run(submit(recording, options, output.expanduser(), server))
    except ScorewireError as error:
        if json:
            told = {"message": error.message, "code": error.code, "retryable": error.retryable}
            result(msgspec.json.encode({"status": "failed", "error": told}).decode())
        raise
    return _report(outcome, as_json=json)


def _report(outcome: "Outcome", *, as_json: bool) -> int:
    if as_json:
        result(msgspec.json.encode(outcome).decode())
    elif outcome.error is None:
        result(f"{outcome.musicxml}\n{outcome.midi}")
    if outcome.error is not None:
        say(f"scorewire: {outcome.error.message}")
        return 1
    return 0
