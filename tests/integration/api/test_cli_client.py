"""The command line's own client against the running API, over a line that breaks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.cli import client as module
from scorewire.cli.client import Client
from scorewire.errors import ConflictError, ServiceUnavailableError
from scorewire.jobs.options import Options
from scorewire.settings import Settings
from scorewire.store.engine import fetch


class Line:
    """A relay to the API that cuts connections in the moment in which their answer arrives.

    Attributes:
        cuts: how many connections still to cut.
        url: its address.
    """

    def __init__(self, target: httpx.URL) -> None:
        self._target = target
        self.cuts = 0
        self.url = ""

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on, and cut it if that is due."""
        upstream = await asyncio.open_connection(self._target.host, self._target.port)
        sending = asyncio.create_task(_pipe(reader, upstream[1]))
        answer = await upstream[0].read(1 << 16)
        if self.cuts > 0:
            self.cuts -= 1
            writer.transport.abort()
        else:
            writer.write(answer)
            await _pipe(upstream[0], writer)
        sending.cancel()
        upstream[1].close()
        writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(1 << 16):
            writer.write(chunk)
            await writer.drain()


@pytest.fixture
async def line(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    """A line to the API, and a client that does not wait before it tries again."""
    monkeypatch.setattr(module, "_REPEAT_AFTER_S", (0.0, 0.0))
    line = Line(client.base_url)
    async with await asyncio.start_server(line.relay, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        line.url = f"http://127.0.0.1:{port}"
        yield line


async def test_a_submission_whose_answer_was_lost_is_sent_again(
    line: Line, engine: AsyncEngine, settings: Settings, tmp_path: Path
) -> None:
    """[R1] The server had the recording already: the client gets that one job, and no other."""
    recording = tmp_path / "study.wav"
    recording.write_bytes(b"sound" * 1000)
    async with Client(line.url) as client:
        line.cuts = 2
        sent = await client.submit_file(recording, Options())
        line.cuts = 1
        linked = await client.submit_link("https://youtu.be/dQw4w9WgXcQ", Options())
    jobs = await fetch(engine, text("SELECT id FROM jobs ORDER BY created_at"))
    assert [job["id"] for job in jobs] == [sent.job_id, linked.job_id]
    (stored,) = [path for path in (settings.data_dir / "blobs").rglob("*") if path.is_file()]
    assert stored.read_bytes() == recording.read_bytes()


async def test_a_line_that_stays_broken_is_told(line: Line, engine: AsyncEngine) -> None:
    """After the last repeat the person hears that the server does not answer; one job was made."""
    line.cuts = 3
    async with Client(line.url) as client:
        with pytest.raises(ServiceUnavailableError, match="does not answer"):
            await client.submit_link("https://youtu.be/dQw4w9WgXcQ", Options())
    assert line.cuts == 0
    assert len(await fetch(engine, text("SELECT id FROM jobs"))) == 1


async def test_a_job_that_has_ended_is_not_cancelled(line: Line) -> None:
    """[R2] The server's refusal is told in its words."""
    async with Client(line.url) as client:
        accepted = await client.submit_link("https://youtu.be/dQw4w9WgXcQ", Options())
        with pytest.raises(ConflictError, match="failed"):
            await client.cancel(accepted.job_id)
