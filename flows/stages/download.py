"""The recording, fetched or uploaded, becomes 44.1 kHz stereo samples in storage."""

from pathlib import PurePosixPath
from uuid import UUID

from flows.journal import current_journal
from flows.reporting import StageReport
from flows.runtime import runtime
from flows.scratch import scratch_folder
from flows.stages.storage import store_audio
from flows.stages.task import content_key, run_stage, stage_task
from scorewire.jobs.source import LinkSource, UploadSource
from scorewire.jobs.stages import Stage
from scorewire.media.link import Limits
from scorewire.pipeline.download import from_file, from_link
from scorewire.store.jobs import JobRequest


def download(job_id: UUID, request: JobRequest) -> dict[str, str]:
    """Fetch and decode a job's recording.

    Returns:
        `audio`: blob key of the decoded section, FLAC, 44.1 kHz stereo.
    """
    source = request.source
    # What a link leads to may change from one job to the next, but not within one.
    identity = source.sha256 if isinstance(source, UploadSource) else f"{job_id} {source.url}"
    section = (request.options.start_s, request.options.end_s)
    return run_stage(download_task, request, key=content_key(Stage.DOWNLOAD, identity, *section))


@stage_task(Stage.DOWNLOAD, retries=4, timeout_s=1800)
def download_task(request: JobRequest, *, key: str) -> dict[str, str]:
    """Fetch, decode and store the recording."""
    settings = runtime().settings
    limits = Limits(settings.url_hosts, settings.max_upload_bytes, settings.max_duration_s)
    journal = current_journal()
    report = StageReport(journal, Stage.DOWNLOAD)
    with scratch_folder() as folder:
        if isinstance(request.source, LinkSource):
            recording = from_link(request.source.url, request.options, limits, folder, report)
            journal.name_job(recording.title)
        else:
            # Named by its key: the sender's own name may be none, or one that no disk takes.
            path = folder / PurePosixPath(request.source.blob_key).name
            runtime().blobs.get_file(request.source.blob_key, path)
            recording = from_file(path, request.options, limits, report)
        return {"audio": store_audio("audio", recording.audio)}
