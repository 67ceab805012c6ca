"""Which stored files jobs use, and that none goes while a job begins to use it."""

import asyncio
from itertools import repeat
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.jobs.options import Options
from scorewire.jobs.source import LinkSource, UploadSource
from scorewire.store.ending import delete_job
from scorewire.store.files import files_of_job, note_files
from scorewire.store.jobs import create_job
from scorewire.store.retention import held_file

LINK = LinkSource(url="https://youtu.be/dQw4w9WgXcQ")


async def _jobs(engine: AsyncEngine, *titles: str) -> list[UUID]:
    return [
        (await create_job(engine, source=LINK, options=Options(), title=title)).job_id
        for title in titles
    ]


async def test_a_shared_file_is_used_until_its_last_user_goes(engine: AsyncEngine) -> None:
    """[R2] What another job uses as well is not free to go; what only its own job uses is."""
    sent = UploadSource(blob_key="uploads/a/b.wav", sha256="0" * 64, filename="b.wav")
    first = (await create_job(engine, source=sent, options=Options())).job_id
    (second,) = await _jobs(engine, "same recording")
    await note_files(engine, first, ["audio/x", "stems/x"])
    await note_files(engine, first, ["stems/x", "scores/first"])
    await note_files(engine, second, ["audio/x", "stems/x", "scores/second"])
    assert await _free_with(engine, first) == {"uploads/a/b.wav", "scores/first"}
    await delete_job(engine, first)
    assert await _free_with(engine, second) == {"audio/x", "stems/x", "scores/second"}


async def test_nobody_begins_to_use_a_file_while_it_is_deleted(engine: AsyncEngine) -> None:
    """[R2] A job that finds the file made notes it, waits, and then sees that it is gone."""
    first, second = await _jobs(engine, "one", "two")
    await note_files(engine, first, ["audio/x"])
    async with held_file(engine, "audio/x", but_for=first) as use:
        assert use is None
        noting = asyncio.create_task(note_files(engine, second, ["audio/w", "audio/x"]))
        done, _ = await asyncio.wait([noting], timeout=0.5)
        assert not done
    await noting
    async with held_file(engine, "audio/x", but_for=first) as use:
        assert use is not None


async def test_many_jobs_note_the_same_files_at_once(engine: AsyncEngine) -> None:
    """Whatever the order in which they name them, none waits for another."""
    jobs = await _jobs(engine, *map(str, range(10)))
    keys = [f"stems/{number}" for number in range(6)]
    turned = [keys[turn % 6 :] + keys[: turn % 6] for turn in range(len(jobs))]
    await asyncio.gather(*map(note_files, repeat(engine), jobs, turned))
    for job_id in jobs:
        assert set(await files_of_job(engine, job_id)) == set(keys)


async def _free_with(engine: AsyncEngine, job_id: UUID) -> set[str]:
    """The files that go with a job."""
    free = set()
    for key in await files_of_job(engine, job_id):
        async with held_file(engine, key, but_for=job_id) as use:
            if use is None:
                free.add(key)
    return free


async def test_files_of_a_deleted_job_are_not_noted(engine: AsyncEngine) -> None:
    """[R2] A run that still ends a stage finds no job to note its files for, and goes on."""
    gone = uuid4()
    await note_files(engine, gone, ["audio/x"])
    assert await files_of_job(engine, gone) == []
