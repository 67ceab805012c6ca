"""The main job: the order of the stages, nothing else."""

from collections.abc import Mapping
from uuid import UUID

from prefect import flow

from flows.hooks import flow_cancelled, flow_completed, flow_crashed, flow_failed
from flows.journal import current_journal
from flows.ownership import ending_with_its_job, leave
from flows.showing import show_link
from flows.stages.download import download
from flows.stages.musicxml import musicxml
from flows.stages.separation import separation
from flows.stages.transcription import transcription
from scorewire.jobs.options import Stem
from scorewire.jobs.results import RECORDING, stem_kind

UNTITLED = "Untitled"


@flow(
    persist_result=False,
    on_completion=[flow_completed],
    on_failure=[flow_failed],
    on_crashed=[flow_crashed],
    on_cancellation=[flow_cancelled],
)
def transcribe(job_id: UUID) -> dict[str, str]:
    """Turn a job's recording into a score.

    A run that is retried, here or from the Prefect UI, finds the results of the stages that were
    done and goes on at the one that failed.

    Args:
        job_id: a job that was created through the API.

    Returns:
        The blob keys of the score's files and of the sound they were made from, by kind.

    Raises:
        Abort: the job has ended, is gone, or belongs to another run.
        ScorewireError: a stage failed for good.
    """
    journal = current_journal()
    request = journal.claim()
    if request is None:
        leave(journal)
    with ending_with_its_job(journal):
        try:
            recording = download(job_id, request)
        finally:  # not before it: the first stage is what people wait for
            show_link(journal)
        stems = separation(request.options, recording)
        notes = transcription(request.options, stems)
        score = musicxml(request.options, journal.request().title or UNTITLED, notes)
        return score | sound_files(recording, stems)


def sound_files(recording: Mapping[str, str], stems: Mapping[str, str]) -> dict[str, str]:
    """The blob keys of the sound that a score was made from, by kind."""
    separated = {stem_kind(Stem(name)): key for name, key in stems.items() if name != Stem.MIX}
    return {RECORDING: recording["audio"], **separated}
