"""`scorewire bulk`: many recordings, each a job of its own, in one run."""

from typing import Annotated

import msgspec
from cyclopts import Parameter

from scorewire.cli.timecode import seconds
from scorewire.cli.wishes import TimeSignature, checked_options, spelled_key
from scorewire.errors import InvalidRequestError
from scorewire.jobs.options import SeparationMode, Stem


def bulk(  # noqa: PLR0913 - each is an option of the command line
    *sources: str,
    retry_failed: Annotated[bool, Parameter(negative=())] = False,
    follow: bool = True,
    prefect: str | None = None,
    owner: str | None = None,
    solo: Annotated[bool, Parameter(negative=())] = False,
    instruments: Annotated[tuple[Stem, ...], Parameter(negative=())] = (),
    separation: SeparationMode = SeparationMode.AUTO,
    tempo: float | None = None,
    time_signature: TimeSignature | None = None,
    key: str | None = None,
    chord_symbols: Annotated[bool, Parameter(negative=())] = False,
    swing: bool | None = None,
    start: str = "0",
    end: str | None = None,
) -> int:
    """Transcribe many recordings on the stack that runs on this machine.

    What is transcribed already is left alone, so the command can be given again at any time.

    Args:
        sources: folders, files, manifests (.csv or .jsonl), links to playlists, or buckets
            (s3://bucket/prefix).
        retry_failed: try again what failed before.
        follow: wait for the end, and say how far it is; otherwise only start it.
        prefect: address of another installation's Prefect API, for example
            http://music.example:4200/api; sources are then what its worker sees.
        owner: whose jobs these are, on a server that asks for tokens: the `sub` of theirs.
        solo: one instrument plays alone, so there is nothing to separate.
        instruments: what is heard, and is to be written down; repeat the option for several.
        separation: whether to split the recordings into instruments first.
        tempo: beats per minute, where the estimate is wrong.
        time_signature: the metre, where the estimate is wrong.
        key: for example "F# minor", where the estimate is wrong.
        chord_symbols: name the chords over the top staff.
        swing: write swung eighths straight, under "Swing", or never; otherwise as heard.
        start: where the section to transcribe begins, in seconds or m:ss.
        end: where it ends.
    """
    if not sources:
        msg = "Name what to transcribe: a folder, a manifest, a playlist's link or s3://bucket."
        raise InvalidRequestError(msg)
    options = checked_options(
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
    from scorewire.cli.bulk_run import run_bulk  # noqa: PLC0415 - an option at fault is told first
    from scorewire.cli.running import run  # noqa: PLC0415 - see above

    parameters = {
        "retry_failed": retry_failed,
        "options": msgspec.to_builtins(options),
        "owner": owner,
    }
    return run(run_bulk(sources, parameters, prefect=prefect, follow=follow))
