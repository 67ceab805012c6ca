"""Plays the flow: does to a job, through the real store, what its title asks for."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from uuid import UUID

import mido
from sqlalchemy.ext.asyncio import AsyncEngine

from conformance.scripts import Script
from scorewire.blobs import Blobs
from scorewire.errors import ErrorCode
from scorewire.jobs.messages import ErrorDetail
from scorewire.jobs.stages import REPORT_INTERVAL_S, SPANS, Stage
from scorewire.store.events import append_completed, append_failed, append_progress
from scorewire.store.jobs import claim, get_request
from scorewire.store.silence import show_life

STEP = 5
"""The largest step of progress ([M3])."""

HURRIED = 400
BURST = 1_600
LONG_MESSAGE = "𝄞" * 1_700

SILENT = ErrorDetail(
    message="Nothing can be heard; check the recording's level.",
    retryable=False,
    stage=Stage.TRANSCRIPTION,
    code=ErrorCode.SILENT_AUDIO,
)

SCORE = b"""<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="4.0">
  <part-list><score-part id="P1"><part-name>Piano</part-name></score-part></part-list>
  <part id="P1"><measure number="1"><note><rest/><duration>4</duration></note></measure></part>
</score-partwise>
"""


class ScriptedWorker:
    """Works on all jobs at once.

    Args:
        engine: the store's database.
        blobs: where results are kept.
    """

    def __init__(self, engine: AsyncEngine, blobs: Blobs) -> None:
        self._engine = engine
        self._blobs = blobs
        self._runs: dict[UUID, asyncio.Task[None]] = {}

    def begin(self, job_id: UUID, run_id: UUID) -> None:
        """Start a run."""
        self._runs[run_id] = asyncio.create_task(_Run(self._engine, self._blobs, job_id, run_id)())

    def stop(self, run_id: UUID) -> None:
        """End a run where it is."""
        if run_id in self._runs:
            self._runs[run_id].cancel()

    async def aclose(self) -> None:
        """End all runs.

        Raises:
            ExceptionGroup: some failed.
        """
        for run in self._runs.values():
            run.cancel()
        ended = await asyncio.gather(*self._runs.values(), return_exceptions=True)
        failures = [error for error in ended if isinstance(error, Exception)]
        if failures:
            message = "scripted runs failed"
            raise ExceptionGroup(message, failures)


class _Run:
    def __init__(self, engine: AsyncEngine, blobs: Blobs, job_id: UUID, run_id: UUID) -> None:
        self._engine = engine
        self._blobs = blobs
        self._job_id = job_id
        self._run_id = run_id

    async def __call__(self) -> None:
        request = await get_request(self._engine, self._job_id)
        script = next((script for script in Script if script.title == request.title), None)
        if script is None or script is Script.WAITS:
            return
        if await claim(self._engine, self._job_id, self._run_id) is None:
            return
        plays: dict[Script, Callable[[], Awaitable[None]]] = {
            Script.COMPLETES: self._complete,
            Script.FAILS: self._fail,
            Script.HOLDS: self._hold,
            Script.DIES: self._die,
            Script.STUMBLES: self._stumble,
            Script.HURRIES: self._hurry,
            Script.BURSTS: self._burst,
        }
        await plays[script]()

    async def _complete(self) -> None:
        for stage, span in SPANS.items():
            for progress in range(span.start, span.end, STEP):
                await self._tell(progress, stage, f"{stage.value} at {progress} %")
                await asyncio.sleep(REPORT_INTERVAL_S)
        await self._end()

    async def _fail(self) -> None:
        await self._tell(0, Stage.DOWNLOAD, "Reading the recording")
        await self._tell(55, Stage.TRANSCRIPTION, "Listening")
        assert await append_failed(
            self._engine, self._job_id, error=SILENT, flow_run_id=self._run_id
        )

    async def _hold(self) -> None:
        await self._tell(0, Stage.DOWNLOAD, "Reading the recording")
        await self._tell(10, Stage.SEPARATION, "Separating")
        while True:
            await asyncio.sleep(1)
            await show_life(self._engine, self._job_id, self._run_id)

    async def _die(self) -> None:
        await self._tell(10, Stage.SEPARATION, "Separating")

    async def _stumble(self) -> None:
        await self._tell(10, Stage.SEPARATION, "Separating")
        await self._tell(12, Stage.SEPARATION, "separation failed: out of memory; retry 2 of 4")
        await self._end()

    async def _hurry(self) -> None:
        for number in range(HURRIED):
            await self._tell(number * 99 // HURRIED, Stage.SEPARATION, f"step {number}")
        await self._end()

    async def _burst(self) -> None:
        for number in range(BURST):
            await self._tell(number * 99 // BURST, Stage.SEPARATION, LONG_MESSAGE)
        await self._end()

    async def _tell(self, progress: int, stage: Stage, message: str) -> None:
        await append_progress(
            self._engine,
            self._job_id,
            progress=progress,
            stage=stage,
            message=message,
            flow_run_id=self._run_id,
        )

    async def _end(self) -> None:
        keys = {
            kind: f"conformance/{self._job_id}/{kind}"
            for kind in ("musicxml", "midi", "performance_midi")
        }
        midi = mido.MidiFile(tracks=[mido.MidiTrack()])
        for kind, key in keys.items():
            if kind == "musicxml":
                await asyncio.to_thread(self._blobs.put_bytes, key, SCORE)
            else:
                await asyncio.to_thread(self._blobs.put_bytes, key, _bytes(midi))
        await append_completed(self._engine, self._job_id, result=keys, flow_run_id=self._run_id)


def _bytes(midi: mido.MidiFile) -> bytes:
    file = io.BytesIO()
    midi.save(file=file)
    return file.getvalue()
