"""One flow run's hand on its job's history: every event of a flow is written through here."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext

from flows.runtime import Runtime, runtime, traces
from scorewire.jobs.launching import TRACE_LABEL
from scorewire.jobs.messages import ErrorDetail
from scorewire.jobs.stages import Stage
from scorewire.logs import bind_run
from scorewire.store import events, files, jobs
from scorewire.store.engine import PATIENCE_S
from scorewire.store.jobs import JobRequest


@dataclass(frozen=True)
class Journal:
    """Writes the events of `flow_run_id` for `job_id`.

    The store refuses whatever comes from a run that no longer owns the job, so a run that was
    given up for lost cannot disturb the attempt that replaced it.
    """

    runtime: Runtime
    job_id: UUID
    flow_run_id: UUID
    traceparent: str | None = None

    @classmethod
    def of(cls, flow_run: FlowRun) -> "Journal":
        """The journal of a flow run, from its parameters."""
        job_id = UUID(str(flow_run.parameters["job_id"]))
        traceparent = flow_run.labels.get(TRACE_LABEL)
        return cls(
            runtime(), job_id, flow_run.id, None if traceparent is None else str(traceparent)
        )

    def claim(self) -> JobRequest | None:
        """Take the job for this run; a run retried from outside opens the job's next attempt.

        Returns:
            What was asked for; None where the job has ended (cancelled before it began, say),
            belongs to another run, or does not exist (any more).
        """
        bind_run(self.job_id, self.flow_run_id)
        attempt = self.runtime.store(jobs.claim, self.job_id, self.flow_run_id)
        return None if attempt is None else self.request()

    def request(self) -> JobRequest:
        """What was asked for, with the job's title as it is known by now."""
        return self.runtime.store(jobs.get_request, self.job_id)

    def name_job(self, title: str) -> None:
        """Give the job the recording's own title, if it has none."""
        self.runtime.store(jobs.set_title, self.job_id, title)

    def note_files(self, blob_keys: Collection[str]) -> None:
        """Remember which stored files the job uses, so that they go with it, and not before."""
        self.runtime.store(files.note_files, self.job_id, blob_keys)

    def progress(
        self, stage: Stage, progress: int, message: str, *, patience_s: float = PATIENCE_S
    ) -> None:
        """Tell where the attempt stands.

        Raises:
            ServiceUnavailableError: Postgres stays out of reach for `patience_s`.
        """
        with traces().within("append progress", self.traceparent, stage=stage.value):
            self.runtime.store(
                events.append_progress,
                self.job_id,
                progress=progress,
                stage=stage,
                message=message,
                flow_run_id=self.flow_run_id,
                patience_s=patience_s,
            )

    def completed(self, result: dict[str, str]) -> None:
        """End the attempt: its files are stored under the blob keys in `result`."""
        with traces().within("append completed", self.traceparent):
            self.runtime.store(
                events.append_completed, self.job_id, result=result, flow_run_id=self.flow_run_id
            )

    def failed(self, error: ErrorDetail) -> None:
        """End the attempt without a score."""
        with traces().within("append error", self.traceparent):
            self.runtime.store(
                events.append_failed, self.job_id, error=error, flow_run_id=self.flow_run_id
            )

    def stage(self) -> Stage | None:
        """The stage that the job was last seen in."""
        job = self.runtime.store(jobs.get_job, self.job_id, patience_s=PATIENCE_S)
        return job.stage if job else None


_at_work: ContextVar[Journal | None] = ContextVar("journal at work", default=None)


@contextmanager
def working_on(journal: Journal) -> Iterator[None]:
    """Within the block, this thread's stages belong to a job of a run that has many."""
    token = _at_work.set(journal)
    try:
        yield
    finally:
        _at_work.reset(token)


def current_journal() -> Journal:
    """The journal of the job that this thread works on; else that of the flow run's one job."""
    if (journal := _at_work.get()) is not None:
        return journal
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        message = "A stage runs inside a flow only."
        raise RuntimeError(message)
    return Journal.of(context.flow_run)
