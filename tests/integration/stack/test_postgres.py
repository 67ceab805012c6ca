"""The embedded Postgres, with the real server."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import asyncpg
import psutil
import pytest

from scorewire.errors import PostgresMissingError, StackFailedError
from scorewire.stack.binaries import find_binaries
from scorewire.stack.cluster import Cluster
from scorewire.stack.postgres import EmbeddedPostgres
from scorewire.stack.privileges import ServiceUser

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user run Postgres")


@pytest.fixture(scope="module")
async def template(open_folder: Path) -> Path:
    """A cluster that was made, used and stopped."""
    folder = open_folder / "template"
    server = EmbeddedPostgres(folder)
    await server.start()
    await server.stop()
    return folder


@pytest.fixture
async def server(open_folder: Path, template: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A running server on a cluster of its own."""
    folder = open_folder / uuid4().hex
    # initdb waits for the disk; a copy that keeps the owner does not.
    await (await asyncio.create_subprocess_exec("cp", "-a", template, folder)).wait()
    server = EmbeddedPostgres(folder)
    await server.start()
    yield server
    await server.stop()
    shutil.rmtree(folder)


async def fetch(url: str, query: str) -> object:
    """The first value that a query gives."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def execute(url: str, *statements: str) -> None:
    """Run statements, each in a transaction of its own."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_database_is_fresh_and_has_pg_trgm(database_url: str) -> None:
    """A test's database is empty, and Prefect's extension can be created in it."""
    count = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert await fetch(database_url, count) == 0
    await execute(database_url, "CREATE EXTENSION pg_trgm")
    assert await fetch(database_url, "SELECT similarity('score', 'score')") == 1


async def test_only_the_password_opens_it(server: EmbeddedPostgres) -> None:
    """A wrong password is refused on the only way in, TCP on loopback."""
    url = server.url().replace("scorewire:", "scorewire:wrong", 1)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(url)
    assert await fetch(server.url(), "SHOW unix_socket_directories") == ""
    assert await fetch(server.url(), "SHOW listen_addresses") == "127.0.0.1"


async def test_secrets_are_readable_by_their_owner_alone(server: EmbeddedPostgres) -> None:
    """The password file is 0600, and no copy of it is left over."""
    folder = Path(str(await fetch(server.url(), "SHOW data_directory"))).parent
    assert stat.S_IMODE((folder / "password").stat().st_mode) == 0o600
    assert not (folder / "password.new").exists()


async def test_creating_databases_again_changes_nothing(server: EmbeddedPostgres) -> None:
    """An existing database keeps its rows when it is asked for again."""
    await server.create_databases("kept")
    await execute(server.url("kept"), "CREATE TABLE t AS SELECT 7 AS n")
    await server.create_databases("kept", "added")
    assert await fetch(server.url("kept"), "SELECT n FROM t") == 7
    assert await fetch(server.url("added"), "SELECT current_database()") == "added"


async def test_rows_and_password_outlive_a_restart(server: EmbeddedPostgres) -> None:
    """After stop and start the same password opens the same rows."""
    await execute(server.url(), "CREATE TABLE t AS SELECT 7 AS n")
    await server.stop()
    await server.start()
    assert await fetch(server.url(), "SELECT n FROM t") == 7


async def test_a_folder_in_use_is_refused(server: EmbeddedPostgres) -> None:
    """A second server on the same cluster is refused in one sentence."""
    folder = Path(str(await fetch(server.url(), "SHOW data_directory"))).parent
    with pytest.raises(StackFailedError, match="in use by another Scorewire"):
        await EmbeddedPostgres(folder).start()


async def test_no_acknowledged_row_is_lost_by_kill_9(server: EmbeddedPostgres) -> None:
    """Every insert that was confirmed before a kill -9 of the server is there afterwards."""
    await execute(server.url(), "CREATE TABLE t (n int PRIMARY KEY)")
    confirmed: list[int] = []
    enough = asyncio.Event()

    async def insert() -> None:
        connection = await asyncpg.connect(server.url())
        for number in range(1_000_000):
            await connection.execute("INSERT INTO t VALUES ($1)", number)
            confirmed.append(number)
            if number == 50:
                enough.set()

    writer = asyncio.create_task(insert())
    await enough.wait()
    assert server.child.pid is not None
    os.kill(server.child.pid, signal.SIGKILL)
    assert await server.wait() == -signal.SIGKILL
    await asyncio.wait({writer})
    assert writer.exception() is not None
    await server.start()
    rows = await fetch(server.url(), "SELECT array_agg(n ORDER BY n) FROM t")
    assert isinstance(rows, list)
    assert rows[: len(confirmed)] == confirmed


async def test_it_starts_again_after_kill_9_of_its_supervisor(open_folder: Path) -> None:
    """Rows survive, and the orphaned server is no hindrance."""
    folder = open_folder / uuid4().hex
    code = (
        "import asyncio, pathlib, sys\n"
        "from scorewire.stack.postgres import EmbeddedPostgres\n"
        "async def main():\n"
        "    server = EmbeddedPostgres(pathlib.Path(sys.argv[1]))\n"
        "    await server.start()\n"
        "    print(server.url(), flush=True)\n"
        "    await server.wait()\n"
        "asyncio.run(main())\n"
    )
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, folder, stdout=subprocess.PIPE
    )
    assert supervisor.stdout is not None
    url = (await supervisor.stdout.readline()).decode().strip()
    await execute(url, "CREATE TABLE t AS SELECT 7 AS n")
    supervisor.kill()
    await supervisor.wait()

    server = EmbeddedPostgres(folder)
    await server.start()
    try:
        assert await fetch(server.url(), "SELECT n FROM t") == 7
    finally:
        await server.stop()


async def test_a_pid_file_that_names_a_stranger_is_dropped(server: EmbeddedPostgres) -> None:
    """A number that another living process has by now does not keep the server from starting."""
    folder = Path(str(await fetch(server.url(), "SHOW data_directory"))).parent
    await server.stop()
    pid_file = folder / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{folder / 'data'}\n")
    await server.start()
    assert psutil.pid_exists(os.getpid())
    assert int(pid_file.read_text().splitlines()[0]) == server.child.pid


async def test_a_cluster_of_another_version_is_refused(open_folder: Path) -> None:
    """The message names both versions; the cluster is not touched."""
    folder = open_folder / uuid4().hex
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresMissingError, match="made by Postgres 9, but only version"):
        await EmbeddedPostgres(folder).start()
    assert [path.name for path in (folder / "data").iterdir()] == ["PG_VERSION"]


async def test_a_lost_password_is_told(server: EmbeddedPostgres) -> None:
    """A cluster without its password file is refused rather than given a new password."""
    folder = Path(str(await fetch(server.url(), "SHOW data_directory"))).parent
    await server.stop()
    (folder / "password").unlink()
    with pytest.raises(StackFailedError, match="password of the database"):
        await server.start()


async def test_a_start_that_fails_quotes_the_log(server: EmbeddedPostgres) -> None:
    """What Postgres itself said is part of the message."""
    folder = Path(str(await fetch(server.url(), "SHOW data_directory"))).parent
    await server.stop()
    (folder / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(StackFailedError, match="no_such_setting"):
        await server.start()


@as_root
async def test_root_gives_the_server_to_another_user(server: EmbeddedPostgres) -> None:
    """Started by root, the server runs as an ordinary user."""
    assert psutil.Process(server.child.pid).uids().effective != 0


@as_root
async def test_a_closed_folder_is_told_before_anything_is_made(tmp_path: Path) -> None:
    """A folder below one that only root may enter is refused with the remedy."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(StackFailedError, match="set SCOREWIRE_DATA_DIR"):
        await EmbeddedPostgres(closed / "postgres").start()
    assert not (closed / "postgres" / "data").exists()


@as_root
def test_programs_out_of_reach_are_copied(open_folder: Path, tmp_path: Path) -> None:
    """Programs below a folder that only root may enter are copied, and the copy runs."""
    original = find_binaries()
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    if not original.bundled:
        pytest.skip("a system's Postgres does not run from another folder")
    shutil.copytree(original.folder.parent, closed / "native", symlinks=True)
    cluster = Cluster(open_folder / uuid4().hex)
    cluster.folder.mkdir()
    nobody = ServiceUser("nobody", 65534, 65534)
    hidden = replace(original, folder=closed / "native" / "bin")
    programs = cluster.reachable_programs(hidden, nobody)
    said = subprocess.run(
        [programs / "postgres", "--version"],
        user=nobody.uid,
        group=nobody.gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    assert original.version in said.stdout


@as_root
async def test_an_ordinary_user_runs_it_alone(open_folder: Path) -> None:
    """Without root the same launcher works, on a folder of that user's."""
    folder = open_folder / uuid4().hex
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    code = (
        # All imports come first: Python itself may lie where only root can read it.
        "import asyncio, concurrent.futures.thread, os, pathlib, sys\n"
        "from scorewire.stack.postgres import EmbeddedPostgres\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "async def main():\n"
        "    server = EmbeddedPostgres(pathlib.Path(sys.argv[1]))\n"
        "    await server.start()\n"
        "    await server.create_databases('mine')\n"
        "    print(server.url('mine'))\n"
        "    await server.stop()\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    said, complaint = await process.communicate()
    assert said.decode().strip().startswith("postgresql://"), complaint.decode()
