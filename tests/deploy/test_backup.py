"""The backup of docs/operations.md, taken from one Postgres and restored into another."""

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from compose import ROOT

from scorewire.jobs.options import Options
from scorewire.jobs.source import LinkSource
from scorewire.jobs.stages import Stage
from scorewire.settings import inherited_environment
from scorewire.stack import postgres as stack_postgres
from scorewire.stack.binaries import PostgresBinaries, available_binaries
from scorewire.stack.postgres import EmbeddedPostgres
from scorewire.store.engine import open_engine
from scorewire.store.events import append_progress, events_after
from scorewire.store.jobs import create_job
from scorewire.store.migrate import alembic_config, migrate

PAGE = (ROOT / "docs" / "operations.md").read_text()


def with_clients() -> PostgresBinaries | None:
    """A Postgres of this machine that has pg_dump; the one that set-up fetches has not."""
    return next((b for b in available_binaries() if (b.folder / "pg_dump").exists()), None)


@pytest.fixture
async def server(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[EmbeddedPostgres]:
    """A server with the databases `scorewire` and `restored`, whose version has its clients."""
    binaries = with_clients()
    if binaries is None:
        pytest.skip("no Postgres of this machine has pg_dump (Debian: postgresql)")
    monkeypatch.setattr(stack_postgres, "find_or_install", lambda _major: binaries)
    server = EmbeddedPostgres(open_folder / "backup")
    await server.start()
    await server.create_databases("scorewire", "restored")
    yield server
    await server.stop()


def documented(program: str) -> list[str]:
    """The options of a program in the page's backup, without the redirection."""
    (line,) = re.findall(rf"exec -T postgres {program} ([^<>]+)[<>]", PAGE)
    words = line.replace("\\\n", " ").split()
    assert words[:2] == ["--username", "scorewire"]
    return words[2:]


def run(program: str, *options: str, stdin: bytes = b"") -> bytes:
    """Run a client of Postgres; returns what it writes."""
    binaries = with_clients()
    assert binaries is not None
    environment = {"PATH": inherited_environment()["PATH"], "LC_ALL": "C"}
    done = subprocess.run(
        [os.fspath(binaries.folder / program), *options],
        input=stdin,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


async def test_a_restored_database_goes_on(server: EmbeddedPostgres) -> None:
    """Jobs and their events are there again, the schema is whole, and events get numbers."""
    before, after = server.url("scorewire"), server.url("restored")
    await asyncio.to_thread(migrate, before)
    engine = open_engine(before)
    job = await create_job(engine, source=LinkSource(url="https://youtu.be/x"), options=Options())
    for progress in (10, 20):
        await append_progress(
            engine, job.job_id, progress=progress, stage=Stage.DOWNLOAD, message="Downloading"
        )
    told = await events_after(engine, job.job_id, 0)
    await engine.dispose()

    dump = run("pg_dump", *(w if w != "scorewire" else before for w in documented("pg_dump")))
    restore = [w if w != "scorewire" else after for w in documented("pg_restore")]
    for _ in range(2):  # again, over what is there
        run("pg_restore", *restore, stdin=dump)

    await asyncio.to_thread(command.check, alembic_config(after))
    engine = open_engine(after)
    assert await events_after(engine, job.job_id, 0) == told
    await append_progress(
        engine, job.job_id, progress=30, stage=Stage.DOWNLOAD, message="Downloading"
    )
    assert [event.id for event in await events_after(engine, job.job_id, 0)] == [1, 2, 3]
    await engine.dispose()
