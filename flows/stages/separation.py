"""The recording is split into its instruments, where that is asked for and can be done."""

from contextlib import nullcontext
from functools import cache

from flows.device import holding_device
from flows.journal import current_journal
from flows.reporting import StageReport
from flows.runtime import runtime
from flows.stages.storage import load_audio, store_audio
from flows.stages.task import content_key, run_stage, stage_task
from scorewire.inference.loading import load_separator
from scorewire.inference.ports import Separator
from scorewire.jobs.options import Options, Stem
from scorewire.jobs.stages import Stage
from scorewire.pipeline.separation import separate, skip_reason


@cache
def separator_for(instruments: tuple[Stem, ...]) -> Separator:
    """The separator that the settings name, for the instruments asked for."""
    settings = runtime().settings
    return load_separator(
        settings.separator,
        device=settings.device,
        model=settings.demucs_model,
        folder=settings.demucs_folder,
        instruments=instruments,
    )


def separation(options: Options, recording: dict[str, str]) -> dict[str, str]:
    """Separate a recording.

    Returns:
        Blob keys of the stems' FLAC files, by stem; only `mix` where there was no separation.
    """
    separator = separator_for(options.instruments)
    skipped = skip_reason(options, separator)
    key = content_key(Stage.SEPARATION, recording["audio"], skipped or separator.model_id)
    return run_stage(separation_task, options, recording["audio"], key=key)


# The time limits leave room for the runs that have the device before.
@stage_task(Stage.SEPARATION, retries=3, timeout_s=8 * 3600)
def separation_task(options: Options, audio_key: str, *, key: str) -> dict[str, str]:
    """Separate, and store each stem."""
    separator = separator_for(options.instruments)
    report = StageReport(current_journal(), Stage.SEPARATION)
    on_device = skip_reason(options, separator) is None
    with holding_device(report) if on_device else nullcontext():
        stems = separate(load_audio(audio_key), options, separator, report)
    return {stem.value: store_audio("stems", audio) for stem, audio in stems.items()}
