"""The lanes of a bulk run: recordings are fetched ahead, the device never waits, scores follow.

    intake threads ── queue ── the device (the flow's own thread) ── queue ── engraving threads

The queues are short, and what waits in them is a handful of blob keys: what a stage has made is in
storage. So a run of thousands needs no more memory or disk than one of ten.
"""

import asyncio
import contextvars
import io
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from uuid import UUID

import soundfile
from prefect.context import FlowRunContext

from flows.batch.engraver import Engraver
from flows.batch.intake import Elsewhere, Ended, Intake, Work
from flows.batch.lane import Device
from flows.batch.sources import Item
from flows.batch.tally import Failure, Outcome, Tally
from flows.failures import as_scorewire_error, error_detail
from flows.journal import working_on
from flows.runtime import Runtime
from flows.stages.download import download
from flows.stages.musicxml import engraving_with, musicxml
from flows.stages.separation import separation
from flows.stages.transcription import transcription
from flows.transcribe import UNTITLED, sound_files
from scorewire.errors import ServiceUnavailableError
from scorewire.jobs.stages import Stage
from scorewire.store.bulk import show_life_of_all
from scorewire.store.engine import Engine
from scorewire.store.silence import show_life

INTAKE_THREADS = 3
QUEUED = 4
"""Recordings that wait before the device, and as many behind it."""

LOOK_AGAIN_S = 1.0
SIGN_EVERY_S = 2.0
_HEAD_BYTES = 4096

Lane = Queue[Work | None]


class _DroppedError(Exception):
    """The job was cancelled, deleted or handed on: nothing more is to be done for it."""


class Batch:
    """One run's recordings on their way.

    Args:
        runtime: the process's.
        flow_run_id: the run.
        items: what is to be done.
        intake: takes up one after the other.
        tally: counts them as they end.
    """

    def __init__(
        self, runtime: Runtime, flow_run_id: UUID, items: list[Item], intake: Intake, tally: Tally
    ) -> None:
        self._runtime = runtime
        self._flow_run_id = flow_run_id
        self._waiting = deque(items)
        self._elsewhere: deque[Item] = deque()
        self._intake = intake
        self.tally = tally
        self._device = Device(tally)
        self._lock = Lock()
        self._stopping = Event()
        self._fault: BaseException | None = None
        self._decoded: Lane = Queue(QUEUED)
        self._heard: Lane = Queue(QUEUED)

    def work(self) -> None:
        """Bring every recording to its end.

        Raises:
            ScorewireError: the store or the storage is away; what was begun is taken up by the
                next run.
        """
        self._runtime.start(_show_life, self._flow_run_id, self._stopping)
        takers = [self._thread(self._take_all) for _ in range(INTAKE_THREADS)]
        engravers = [self._thread(self._engrave_all) for _ in range(_engravers())]
        try:
            self._end_after(takers, self._decoded)
            for work in self._arriving(self._decoded):
                with self._told(work):
                    self._hear(work)
                    self._put(self._heard, work)
            for _ in engravers:
                self._put(self._heard, None)
            for thread in engravers:
                while thread.is_alive() and not self._stopping.is_set():
                    thread.join(LOOK_AGAIN_S)
        finally:
            self._stopping.set()
        if self._fault is not None:
            raise self._fault

    def _thread(self, work: Callable[[], None]) -> Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - raised again by the run's own thread
                self._fault = self._fault or error
                self._stopping.set()

        # Prefect's context is a thread's own.
        context = contextvars.copy_context()
        # A daemon: a run that is stopped does not wait for what its threads are at.
        thread = Thread(target=context.run, args=(run,), daemon=True, name=work.__name__)
        thread.start()
        return thread

    def _end_after(self, threads: list[Thread], lane: Lane) -> None:
        def close() -> None:
            for thread in threads:
                thread.join()
            self._put(lane, None)

        self._thread(close)

    def _put(self, lane: Lane, work: Work | None) -> None:
        while not self._stopping.is_set():
            with suppress(Full):
                lane.put(work, timeout=LOOK_AGAIN_S)
                return

    def _arriving(self, lane: Lane) -> Iterator[Work]:
        while not self._stopping.is_set():
            with suppress(Empty):
                work = lane.get(timeout=LOOK_AGAIN_S)
                if work is None:
                    return
                yield work

    # intake

    def _take_all(self) -> None:
        while not self._stopping.is_set():
            item, seen_before = self._next()
            if item is None:
                return
            if seen_before:
                time.sleep(LOOK_AGAIN_S)
            try:
                taken = self._intake.take_up(item)
            except ServiceUnavailableError:
                raise
            except Exception as error:  # noqa: BLE001 - one bad file never stops the rest
                self._fail_without_job(item, error)
                continue
            match taken:
                case Elsewhere():
                    with self._lock:
                        self._elsewhere.append(item)
                case Ended():
                    self._note(taken, item)
                case Work():
                    with self._told(taken):
                        taken.recording = download(taken.journal.job_id, taken.request)
                        taken.audio_s = self._duration_s(taken.recording["audio"])
                        self._put(self._decoded, taken)

    def _next(self) -> tuple[Item | None, bool]:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft(), False
            if self._elsewhere:
                return self._elsewhere.popleft(), True
            return None, False

    def _duration_s(self, audio_key: str) -> float:
        head = self._runtime.blobs.get_head(audio_key, _HEAD_BYTES)
        return float(soundfile.info(io.BytesIO(head)).duration)

    # the device

    def _hear(self, work: Work) -> None:
        options = work.request.options
        self._device.give_way(work.journal, Stage.SEPARATION)
        self._still_ours(work)
        work.stems = separation(options, work.recording)
        self._device.give_way(work.journal, Stage.TRANSCRIPTION)
        self._still_ours(work)
        work.notes = transcription(options, work.stems)

    # engraving

    def _engrave_all(self) -> None:
        with Engraver() as engraver, engraving_with(engraver):
            for work in self._arriving(self._heard):
                with self._told(work):
                    self._engrave(work)

    def _engrave(self, work: Work) -> None:
        self._still_ours(work)
        title = work.journal.request().title or UNTITLED
        score = musicxml(work.request.options, title, work.notes)
        work.journal.completed(score | sound_files(work.recording, work.stems))
        self._done(work, Outcome.COMPLETED)

    # what became of it

    @contextmanager
    def _told(self, work: Work) -> Iterator[None]:
        """Within the block stages belong to this job; a failure is its own, and ends it alone."""
        try:
            with working_on(work.journal):
                yield
        except _DroppedError:
            self._done(work, Outcome.DROPPED)
        except Exception as error:  # noqa: BLE001 - one bad file never stops the rest
            detail = error_detail(error, work.journal.stage())
            work.journal.failed(detail)
            failure = Failure(
                work.item.place,
                str(work.journal.job_id),
                None if detail.stage is None else detail.stage.value,
                detail.code.value,
                detail.message,
            )
            with self._lock:
                self.tally.fail(Outcome.FAILED, failure, audio_s=work.audio_s)
            self._intake.put_down(work)

    def _still_ours(self, work: Work) -> None:
        journal = work.journal
        if self._runtime.store(show_life, journal.job_id, journal.flow_run_id) is None:
            raise _DroppedError

    def _done(self, work: Work, outcome: Outcome) -> None:
        with self._lock:
            self.tally.count(outcome, audio_s=work.audio_s)
        self._intake.put_down(work)
        # Prefect keeps what each task returned, for tasks that depend on it; here none does.
        if (context := FlowRunContext.get()) is not None:
            context.run_results.clear()

    def _note(self, ended: Ended, item: Item) -> None:
        error = ended.job.error
        with self._lock:
            if error is None:
                self.tally.count(ended.outcome)
                return
            stage = None if error.stage is None else error.stage.value
            job_id = str(ended.job.job_id)
            failure = Failure(item.place, job_id, stage, error.code.value, error.message)
            self.tally.fail(ended.outcome, failure)

    def _fail_without_job(self, item: Item, error: Exception) -> None:
        told = as_scorewire_error(error)
        failure = Failure(item.place, None, None, told.code.value, told.message)
        with self._lock:
            self.tally.fail(Outcome.FAILED, failure)


async def _show_life(engine: Engine, flow_run_id: UUID, done: Event) -> None:
    """Say for all jobs of the run at once that they are being worked on."""
    while not done.is_set():
        with suppress(ServiceUnavailableError):  # nobody else can reach it either
            await show_life_of_all(engine, flow_run_id)
        await asyncio.sleep(SIGN_EVERY_S)


def _engravers() -> int:
    """One core is left to the device's own work."""
    return min(4, max(1, (os.cpu_count() or 1) - 1))
