"""Each stem becomes a list of notes."""

import msgspec

from flows.device import holding_device
from flows.journal import current_journal
from flows.reporting import StageReport
from flows.runtime import runtime
from flows.stages.storage import StoredStems, store_bytes
from flows.stages.task import content_key, run_stage, stage_task
from scorewire.inference.drums import DRUMS_ID
from scorewire.inference.loading import load_transcriber
from scorewire.inference.ports import Transcriber
from scorewire.inference.profiles import choose_profile
from scorewire.jobs.options import Options, Stem
from scorewire.jobs.stages import Stage
from scorewire.music.notes import Note
from scorewire.pipeline.transcription import transcribe


def _transcriber() -> Transcriber:
    settings = runtime().settings
    return load_transcriber(
        settings.transcriber, device=settings.device, weights=settings.transcriber_weights
    )


def transcription(options: Options, stems: dict[str, str]) -> dict[str, str]:
    """Transcribe a job's stems.

    Returns:
        `notes`: blob key of a JSON object, a list of notes for each stem.
    """
    models = [_transcriber().model_id, *([DRUMS_ID] if Stem.DRUMS in stems else [])]
    profiles = {stem: choose_profile(Stem(stem), options) for stem in stems}
    key = content_key(Stage.TRANSCRIPTION, stems, options.instruments, profiles, *models)
    return run_stage(transcription_task, options, stems, key=key)


@stage_task(Stage.TRANSCRIPTION, retries=2, timeout_s=8 * 3600)
def transcription_task(options: Options, stems: dict[str, str], *, key: str) -> dict[str, str]:
    """Transcribe, and store the notes."""
    report = StageReport(current_journal(), Stage.TRANSCRIPTION)
    with holding_device(report):
        notes = transcribe(StoredStems(stems), options, _transcriber(), report)
    return {"notes": store_bytes("notes", msgspec.json.encode(notes), ".json")}


def load_notes(blob_key: str) -> dict[Stem, list[Note]]:
    """Read what `transcription_task` stored."""
    content = runtime().blobs.get_bytes(blob_key)
    return msgspec.json.decode(content, type=dict[Stem, list[Note]])
