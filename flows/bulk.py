"""Many recordings in one run: models are loaded once, and every recording has a job of its own."""

import time
from typing import Any

import msgspec
from prefect import flow
from prefect.context import FlowRunContext

from flows.batch.intake import Intake
from flows.batch.running import Batch
from flows.batch.sources import expand_all
from flows.batch.summary import shown
from flows.batch.tally import Tally
from flows.hooks import bulk_ended
from flows.runtime import page_url, runtime
from scorewire.errors import InvalidRequestError
from scorewire.jobs.options import Options
from scorewire.media.link import Limits


@flow(
    persist_result=False,
    on_failure=[bulk_ended],
    on_crashed=[bulk_ended],
    on_cancellation=[bulk_ended],
)
def bulk(
    sources: list[str] | None = None,
    *,
    retry_failed: bool = False,
    options: dict[str, Any] | None = None,
    owner: str | None = None,
) -> dict[str, int]:
    """Transcribe whatever the sources hold.

    A recording whose job is completed is left alone, by its content and the options, so a run may
    be started again at any time: after new recordings have come, or because it was stopped.

    Args:
        sources: folders, files, manifests (CSV or JSON lines), links to playlists, and buckets
            (`s3://bucket/prefix`), as the worker's machine sees them; without any, those of the
            setting SCOREWIRE_NIGHTLY_SOURCES.
        retry_failed: try again what failed for a reason of its own.
        options: of every transcription, as the API takes them.
        owner: to whom the jobs belong, as the `sub` of their tokens says; nobody in particular
            without it.

    Returns:
        How many recordings ended in which way.

    Raises:
        InvalidRequestError: a source is not there, or the options are not valid.
        ServiceUnavailableError: the database stays out of reach.
    """
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        message = "The bulk flow has no run."
        raise RuntimeError(message)
    settings = runtime().settings
    limits = Limits(settings.url_hosts, settings.max_upload_bytes, settings.max_duration_s)
    named = settings.nightly_sources if sources is None else tuple(sources)
    if not named:
        return {}
    items = expand_all(named, _asked(options), limits)
    tally = Tally(len(items), time.monotonic())
    flow_run_id = context.flow_run.id
    intake = Intake(runtime(), flow_run_id, owner, retry_failed=retry_failed)
    with shown(tally, page_url()):
        Batch(runtime(), flow_run_id, items, intake, tally).work()
    return {outcome.value: number for outcome, number in tally.counts.items()}


def _asked(options: dict[str, Any] | None) -> Options:
    try:
        return msgspec.convert(options or {}, Options)
    except msgspec.ValidationError as error:
        message = f"The options are not valid ({error}); correct them."
        raise InvalidRequestError(message, field="options") from error
