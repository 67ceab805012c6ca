"""Deletes what need not be kept any longer, once a day: files, events, and what was left behind.

The storage is listed, and each page of it held against the database: a file goes when the last job
that names it ended long enough ago, or when no row names it and it is older than any request or run
that could still note it. So a run that is stopped in the middle is simply done again; what it
deleted is not listed any more.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from prefect import flow
from prefect.artifacts import create_table_artifact

from flows.results import FOLDER as RESULTS
from flows.runtime import runtime
from flows.scratch import discard_old_scratch
from scorewire.blobs import ListedBlob
from scorewire.store.engine import Engine
from scorewire.store.retention import Use, held_file, trim_events, uses_of

DAY_S = 24 * 3600.0
ORPHAN_S = DAY_S
"""Longer than any upload or stage goes on before its file is noted."""

PAGE = 500
EVENTS_AT_ONCE = 5_000
TIMEOUT_S = 6 * 3600

log = structlog.get_logger(__name__)


KINDS = {
    "uploads": "uploads",
    "audio": "sound",
    "stems": "sound",
    "notes": "scores",
    "scores": "scores",
    RESULTS: "results",
}
"""The folders of the storage, and what kind of files is in each; nothing else is ever deleted."""


@dataclass(frozen=True)
class Periods:
    """How long things are kept after they were last needed, in seconds; 0 is for ever.

    Attributes:
        files_s: by the folder of their key.
        events_s: all but the last event of a job.
        orphans_s: files that no row names, since they were written; folders of runs as well.
    """

    files_s: Mapping[str, float]
    events_s: float
    orphans_s: float = ORPHAN_S

    def is_over(self, blob: ListedBlob, use: Use | None) -> bool:
        """Whether a file may go."""
        period_s = self.files_s.get(_folder(blob))
        if period_s is None:
            return False
        if _folder(blob) == RESULTS:  # names of files: without it a stage is done again
            return 0 < period_s < blob.age_s
        if use is None:
            return blob.age_s > self.orphans_s
        if period_s == 0 or use.at_work or use.ended_s is None:
            return False
        return use.ended_s > period_s


@flow(timeout_seconds=TIMEOUT_S, retries=0, persist_result=False)
def retention() -> dict[str, int]:
    """Delete what need not be kept; returns how much of each."""
    settings = runtime().settings
    days = {
        "uploads": settings.keep_uploads_days,
        "sound": settings.keep_sound_days,
        "scores": settings.keep_scores_days,
        "results": settings.keep_sound_days,  # most of what they name is sound
    }
    periods = Periods(
        files_s={folder: days[kind] * DAY_S for folder, kind in KINDS.items()},
        events_s=settings.keep_events_days * DAY_S,
    )
    counts = clean(periods)
    log.info("retention done", **counts)
    table = [{"what": name.replace("_", " "), "count": count} for name, count in counts.items()]
    create_table_artifact(table, key="retention", description="What was deleted, and what stays")
    return counts


def clean(periods: Periods) -> dict[str, int]:
    """Delete what `periods` says may go; returns how much of each, and what stays.

    Raises:
        ServiceUnavailableError: Postgres or the storage stays out of reach.
    """
    counts: Counter[str] = Counter(
        uploads_deleted=0, sound_deleted=0, scores_deleted=0, results_deleted=0, orphans_deleted=0,
        bytes_freed=0, files_kept=0, bytes_kept=0, events_deleted=0,
    )  # fmt: skip
    for page in runtime().blobs.list_pages(PAGE):
        uses = runtime().store(uses_of, [blob.key for blob in page])
        for blob in page:
            if periods.is_over(blob, uses.get(blob.key)) and (kind := _delete(blob, periods)):
                counts[f"{kind}_deleted"] += 1
                counts["bytes_freed"] += blob.size_bytes
            else:
                counts["files_kept"] += 1
                counts["bytes_kept"] += blob.size_bytes
        log.info("files looked at", **counts)
    counts["events_deleted"] = _trim_events(periods.events_s)
    counts["cut_uploads_deleted"] = runtime().blobs.discard_unfinished(periods.orphans_s)
    counts["scratch_folders_deleted"] = discard_old_scratch(periods.orphans_s)
    return dict(counts)


def _delete(blob: ListedBlob, periods: Periods) -> str | None:
    """Delete a file unless a job has begun to use it; says what kind of file it was."""

    async def delete(engine: Engine) -> str | None:
        async with held_file(engine, blob.key) as use:
            if not periods.is_over(blob, use):
                return None
            await asyncio.to_thread(runtime().blobs.delete, blob.key)
        named = use is not None or _folder(blob) == RESULTS
        return KINDS[_folder(blob)] if named else "orphans"

    return runtime().store(delete)


def _trim_events(events_s: float) -> int:
    deleted = 0
    while events_s > 0:
        batch = runtime().store(trim_events, ended_s=events_s, limit=EVENTS_AT_ONCE)
        deleted += batch
        if batch < EVENTS_AT_ONCE:
            break
    return deleted


def _folder(blob: ListedBlob) -> str:
    return blob.key.partition("/")[0]
