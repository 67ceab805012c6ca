"""The second stage: the mix is split into stems, unless there is nothing to split.

Separation takes most of a job's time and hurts a recording of one instrument, whose sound it
smears over several stems. So `auto` leaves it out where the person said that one instrument
plays. It also leaves it out where the weights cannot be had: a score of the mix is worth more
than none, and the message says how to get a better one.
"""

from scorewire.audio import Audio
from scorewire.inference.ports import Separator
from scorewire.jobs.options import Options, SeparationMode, Stem
from scorewire.jobs.report import Report


def separate(
    audio: Audio, options: Options, separator: Separator, report: Report
) -> dict[Stem, Audio]:
    """Split a recording into stems, as far as the options ask for it.

    Returns:
        The separator's stems, or the whole recording as `Stem.MIX`.

    Raises:
        WeightsMissingError: separation was demanded, and the weights cannot be had.
        OutOfMemoryError: there is too little memory for it.
    """
    reason = skip_reason(options, separator)
    if reason is not None:
        report(1.0, f"Separation skipped: {reason}")
        return {Stem.MIX: audio}
    stems = dict(separator.separate(audio, report))
    report(1.0, f"Separated into {', '.join(stems)}")
    return stems


def skip_reason(options: Options, separator: Separator) -> str | None:
    """Say why the recording is not separated; None means that it is."""
    if options.separation is SeparationMode.DEMUCS:
        return None
    if options.separation is SeparationMode.NONE:
        return "the request says so"
    if options.recording == "solo":
        return "the recording is of one instrument"
    if not separator.available:
        return "Demucs weights are not on this machine; run `scorewire doctor`"
    return None
