"""The third stage: every stem that can be written down becomes notes.

Drums have no pitch: their strokes are found without the transcriber. A stem that is almost silent
holds only what leaked in from the others, and the transcriber, which listens to relative levels,
would make notes of that.
"""

from collections.abc import Mapping

import numpy as np

from scorewire.audio import Audio
from scorewire.errors import NoNotesError
from scorewire.inference.drums import hear_drums
from scorewire.inference.ports import Transcriber
from scorewire.inference.profiles import choose_profile
from scorewire.jobs.options import Options, Stem
from scorewire.jobs.report import Report
from scorewire.music.notes import Note
from scorewire.pipeline.spans import span

LEAKAGE_LEVEL = 10 ** (-40 / 20)
"""Root-mean-square level, against the loudest stem, under which a stem is taken for leakage.

Separation errors of Demucs lie 5 to 10 dB under the stem they spoil (its published SDR), so a
stem 40 dB down is far below anything that was played."""


def transcribe(
    stems: Mapping[Stem, Audio], options: Options, transcriber: Transcriber, report: Report
) -> dict[Stem, list[Note]]:
    """Transcribe each stem that is asked for.

    Args:
        stems: the separated stems, or the whole recording as `Stem.MIX`. Only one is held at a
            time, so a mapping may load them as they are asked for (each up to twice).
        options: `instruments` names the stems to write down after a separation; without it, all.
            One that is named alone says what the whole recording is heard as.
        transcriber: the model.
        report: told the share of the stems' total duration that was heard.

    Returns:
        The notes of each stem that has any, sorted by onset, then pitch; those of the drums have
        their sounds in General MIDI's percussion map for pitches.

    Raises:
        NoNotesError: no pitched note was found in any stem.
    """
    durations_s = _choose(stems, options)
    total_s = sum(durations_s.values())
    done_s = 0.0
    parts: dict[Stem, list[Note]] = {}
    for number, (stem, duration_s) in enumerate(durations_s.items(), 1):
        start, end = done_s / total_s, (done_s + duration_s) / total_s
        name = "the recording" if stem is Stem.MIX else stem.value
        of_all = f" ({number}/{len(durations_s)})" if len(durations_s) > 1 else ""
        place = f"Transcribing {name}{of_all}: "
        step = span(report, start, end, place)
        if stem is Stem.DRUMS:
            notes = hear_drums(stems[stem])
            step(1.0, f"Found {len(notes)} strokes")
        else:
            profile = choose_profile(stem, options)
            notes = list(transcriber.transcribe(stems[stem], profile, step))
        if notes:
            parts[stem] = notes
        done_s += duration_s
    if not parts.keys() - {Stem.DRUMS}:
        message = (
            "No pitched notes were found; check that the recording holds music with a melody, "
            "or lower the onset threshold."
        )
        raise NoNotesError(message)
    report(1.0, f"Found {sum(map(len, parts.values()))} notes")
    return parts


def _choose(stems: Mapping[Stem, Audio], options: Options) -> dict[Stem, float]:
    """The stems to write down, and the duration of each in seconds."""
    wanted = {Stem.MIX, *(options.instruments or stems)}
    heard: dict[Stem, tuple[float, float]] = {}
    for stem in stems:
        if stem in wanted:
            heard[stem] = _measure(stems[stem])
    floor = max((level for level, _ in heard.values()), default=0.0) * LEAKAGE_LEVEL
    return {stem: duration_s for stem, (level, duration_s) in heard.items() if level > floor}


def _measure(audio: Audio) -> tuple[float, float]:
    """Root-mean-square level (1 at full scale), and duration in seconds."""
    flat = audio.samples.ravel()
    return float(np.sqrt(np.dot(flat, flat) / max(flat.size, 1))), audio.duration_s
