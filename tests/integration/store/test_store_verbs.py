"""What a person does with jobs, on a real Postgres: list, cancel, delete, submit once."""

import asyncio
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.errors import (
    ConflictError,
    ErrorCode,
    IdempotencyKeyReusedError,
    InvalidRequestError,
    NotFoundError,
)
from scorewire.jobs.job import JobStatus
from scorewire.jobs.messages import EventMessage, Failed
from scorewire.jobs.options import Options
from scorewire.jobs.source import LinkSource, Source, UploadSource
from scorewire.jobs.stages import Stage
from scorewire.store.ending import CANCELLED, cancel_job, delete_job
from scorewire.store.engine import connect
from scorewire.store.events import append_completed, append_progress, events_after
from scorewire.store.files import note_files
from scorewire.store.jobs import (
    claim,
    create_job,
    existing_job,
    get_job,
    open_attempt,
    set_flow_run,
    unfinished_jobs,
)
from scorewire.store.listing import list_jobs
from scorewire.store.silence import show_life
from scorewire.store.submitting import Submitted, submit_job

LINK = LinkSource(url="https://youtu.be/dQw4w9WgXcQ")


async def _jobs(engine: AsyncEngine, *titles: str, owner: str | None = None) -> list[UUID]:
    return [
        (await create_job(engine, source=LINK, options=Options(), owner=owner, title=title)).job_id
        for title in titles
    ]


async def test_a_list_is_read_newest_first_while_jobs_come_in(engine: AsyncEngine) -> None:
    """[R2] Pages hold every job once, whatever is submitted or deleted between them."""
    made = await _jobs(engine, *map(str, range(7)))
    seen: list[UUID] = []
    cursor = None
    for _ in range(4):
        page = await list_jobs(engine, limit=2, cursor=cursor)
        seen += [job.job_id for job in page.jobs]
        cursor = page.next_cursor
        await _jobs(engine, "newer")
        await delete_job(engine, seen[-1])  # the very job at which the page ended
    assert seen == made[::-1]
    assert cursor is None


async def test_a_full_last_page_has_no_next(engine: AsyncEngine) -> None:
    """[R2] The cursor says whether there is more, not whether the page is full."""
    await _jobs(engine, "a", "b")
    assert (await list_jobs(engine, limit=2)).next_cursor is None
    assert (await list_jobs(engine, limit=1)).next_cursor is not None


async def test_jobs_of_one_moment_are_listed_once(engine: AsyncEngine, migrated_url: str) -> None:
    """[R2] Where times are equal the id decides."""
    made = await _jobs(engine, *map(str, range(4)))
    outsider = await connect(migrated_url)
    await outsider.execute("UPDATE jobs SET created_at = '2026-01-01T00:00:00.000001Z'")
    await outsider.close()
    first = await list_jobs(engine, limit=2)
    second = await list_jobs(engine, limit=2, cursor=first.next_cursor)
    listed = [job.job_id for job in first.jobs + second.jobs]
    assert listed == sorted(made, key=lambda job_id: job_id.bytes, reverse=True)


async def test_a_list_is_filtered(engine: AsyncEngine) -> None:
    """[R2] [A3] By status, by a part of the title, and always by owner."""
    one, two, three = await _jobs(engine, "50% Étude", "5000 miles", "étude", owner="ada")
    (other,) = await _jobs(engine, "Étude", owner="bob")
    await cancel_job(engine, two)

    async def listed(**wanted: object) -> list[UUID]:
        page = await list_jobs(engine, limit=9, visible_to="ada", **wanted)  # type: ignore[arg-type] # filters, as the cases below name them
        return [job.job_id for job in page.jobs]

    assert await listed() == [three, two, one]
    assert await listed(statuses=[JobStatus.FAILED]) == [two]
    assert await listed(statuses=[JobStatus.FAILED, JobStatus.QUEUED]) == [three, two, one]
    assert await listed(title_part="ÉTUDE") == [three, one]
    assert await listed(title_part="50%") == [one]
    assert await listed(title_part="\x00 nothing") == []
    everyone = await list_jobs(engine, limit=9)
    assert [job.job_id for job in everyone.jobs] == [other, three, two, one]


@pytest.mark.parametrize("cursor", ["", "x", "é", "AAAA", "A" * 36, "f" + "_" * 31])
async def test_a_cursor_of_another_kind_is_refused(engine: AsyncEngine, cursor: str) -> None:
    """[R3] A cursor that nobody gave is named as the fault."""
    with pytest.raises(InvalidRequestError) as told:
        await list_jobs(engine, limit=1, cursor=cursor)
    assert told.value.field == "cursor"


async def test_cancel_ends_a_job_with_one_error(engine: AsyncEngine, job_id: UUID) -> None:
    """[J3] [J5] `failed`, `cancelled`, retryable, with the stage it was in; its run is told."""
    run = uuid4()
    await claim(engine, job_id, run)
    await append_progress(
        engine, job_id, progress=20, stage=Stage.SEPARATION, message="on it", flow_run_id=run
    )
    cancelled = await cancel_job(engine, job_id)
    assert cancelled.flow_run_id == run
    assert cancelled.job.status is JobStatus.FAILED
    last = (await events_after(engine, job_id, 0))[-1]
    told = msgspec.json.decode(last.frame, type=EventMessage)
    assert isinstance(told, Failed)
    assert told.error == cancelled.job.error
    assert (told.error.code, told.error.stage) == (ErrorCode.CANCELLED, Stage.SEPARATION)
    assert (told.error.retryable, told.error.message) == (True, CANCELLED.message)


async def test_of_many_who_cancel_one_is_heard(engine: AsyncEngine, job_id: UUID) -> None:
    """[J3] One cancel is accepted and stored; the others, and later ones, are conflicts."""
    outcomes = await asyncio.gather(
        *(cancel_job(engine, job_id) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 4
    assert [event.type for event in await events_after(engine, job_id, 0)] == ["error"]
    with pytest.raises(ConflictError, match="failed"):
        await cancel_job(engine, job_id)


async def test_a_cancelled_run_is_not_heard_again(engine: AsyncEngine, job_id: UUID) -> None:
    """[J3] [J4] A run whose job was cancelled does not own, end, or reopen it."""
    run = uuid4()
    await claim(engine, job_id, run)
    assert await show_life(engine, job_id, run) is JobStatus.QUEUED
    await cancel_job(engine, job_id)
    assert await show_life(engine, job_id, run) is None
    assert not await append_completed(engine, job_id, result={}, flow_run_id=run)
    assert await claim(engine, job_id, run) is None
    await open_attempt(engine, job_id)
    other = uuid4()
    assert await claim(engine, job_id, other) == 2
    assert await show_life(engine, job_id, run) is None


async def test_a_run_noted_after_the_cancel_does_not_get_the_job(
    engine: AsyncEngine, job_id: UUID
) -> None:
    """[J4] Cancelled between the launch and its note, a job stays without a run."""
    run = uuid4()
    await cancel_job(engine, job_id)
    await set_flow_run(engine, job_id, run)
    assert await claim(engine, job_id, run) is None
    assert await unfinished_jobs(engine) == []


async def test_strangers_jobs_do_not_exist(engine: AsyncEngine) -> None:
    """[A3] Another's job can be neither cancelled nor retried; both are told that there is none."""
    (job_id,) = await _jobs(engine, "hers", owner="ada")
    with pytest.raises(NotFoundError):
        await cancel_job(engine, job_id, visible_to="bob")
    with pytest.raises(NotFoundError):
        await cancel_job(engine, uuid4())
    await cancel_job(engine, job_id, visible_to="ada")
    with pytest.raises(NotFoundError):
        await open_attempt(engine, job_id, visible_to="bob")
    assert (await existing_job(engine, job_id)).attempt == 1


async def test_a_deleted_job_is_gone_and_announced(
    engine: AsyncEngine, job_id: UUID, migrated_url: str
) -> None:
    """[R2] Row and events go; watchers hear of it in the statement that removes them."""
    await append_progress(engine, job_id, progress=1, stage=Stage.DOWNLOAD, message="one")
    await note_files(engine, job_id, ["audio/a.flac"])
    heard: asyncio.Queue[str] = asyncio.Queue()
    outsider = await connect(migrated_url)
    await outsider.add_listener("job_events", lambda *told: heard.put_nowait(told[-1]))
    assert await delete_job(engine, job_id)
    payload = await asyncio.wait_for(heard.get(), 10)
    await outsider.close()
    assert msgspec.json.decode(payload) == {"job_id": str(job_id), "id": 0, "type": "deleted"}
    assert await get_job(engine, job_id) is None
    assert await events_after(engine, job_id, 0) == []
    assert not await delete_job(engine, job_id)


def _submit(
    engine: AsyncEngine,
    key: str | None,
    *,
    source: Source = LINK,
    options: Options | None = None,
    owner: str | None = None,
) -> "asyncio.Task[Submitted]":
    return asyncio.create_task(
        submit_job(
            engine,
            source=source,
            options=options or Options(),
            owner=owner,
            title="Song",
            idempotency_key=key,
        )
    )


async def test_a_repeat_finds_the_first_job(engine: AsyncEngine) -> None:
    """[R1] Same key, same request: the first job; no key, or another owner's: a new one."""
    first = await _submit(engine, "k")
    assert not first.replayed
    await cancel_job(engine, first.job.job_id)
    again = await _submit(engine, "k")
    assert (again.replayed, again.job.job_id) == (True, first.job.job_id)
    assert again.job.status is JobStatus.FAILED
    others = [await _submit(engine, None), await _submit(engine, None)]
    others.append(await _submit(engine, "k", owner="ada"))
    assert not any(submitted.replayed for submitted in others)
    assert len({first.job.job_id} | {submitted.job.job_id for submitted in others}) == 4


async def test_twenty_at_once_make_one_job(engine: AsyncEngine) -> None:
    """[R1] Requests with one key that race make one job, and one of them made it."""
    outcomes = await asyncio.gather(*(_submit(engine, "race") for _ in range(20)))
    assert len({submitted.job.job_id for submitted in outcomes}) == 1
    assert [submitted.replayed for submitted in outcomes].count(False) == 1


async def test_a_key_stands_for_one_request(engine: AsyncEngine) -> None:
    """[R1] Another source or other options with the same key are refused."""
    await _submit(engine, "k")
    with pytest.raises(IdempotencyKeyReusedError):
        await _submit(engine, "k", source=LinkSource(url="https://youtu.be/another"))
    with pytest.raises(IdempotencyKeyReusedError):
        await _submit(engine, "k", options=Options(start_s=1))


async def test_where_a_file_was_put_is_not_what_was_sent(engine: AsyncEngine) -> None:
    """[R1] The same file under another key of storage is the same request; another file is not."""
    sent = UploadSource(blob_key="uploads/a/b.wav", sha256="0" * 64, filename="b.wav")
    first = await _submit(engine, "k", source=sent)
    moved = msgspec.structs.replace(sent, blob_key="uploads/c/b.wav")
    again = await _submit(engine, "k", source=moved)
    assert (again.replayed, again.job.job_id) == (True, first.job.job_id)
    for other in (
        msgspec.structs.replace(sent, sha256="1" * 64),
        msgspec.structs.replace(sent, filename="c.wav"),
    ):
        with pytest.raises(IdempotencyKeyReusedError):
            await _submit(engine, "k", source=other)


async def test_a_key_is_free_once_its_job_is_deleted(engine: AsyncEngine) -> None:
    """[R1] [R2] After a delete the same request makes a new job."""
    first = await _submit(engine, "k")
    await delete_job(engine, first.job.job_id)
    again = await _submit(engine, "k")
    assert not again.replayed
