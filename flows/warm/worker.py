"""A Prefect worker whose flow runs begin at once: told of a run, it forks a process that is ready.

What it does for a run is what Prefect's process worker does, with its parts: only the start of the
process is another, and crash and cancellation hooks run here, not in one more process that would
first have to import everything. Those parts are no public interface of Prefect's; pyproject.toml
pins its version.

Polling goes on, slowly, so nothing depends on being told.
"""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Self, cast

import anyio
import anyio.abc
import httpx
from prefect.client.schemas.objects import Flow as FlowRecord
from prefect.client.schemas.objects import FlowRun, WorkPool
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import PrefectException
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.runner._control_channel import ControlChannel
from prefect.runner._flow_run_executor import FlowRunExecutionResult, FlowRunExecutorContext
from prefect.runner._process_manager import ProcessHandle, create_isolated_termination_scope
from prefect.settings import get_current_settings
from prefect.utilities.processutils import sanitize_subprocess_env
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker, ProcessWorkerResult
from pydantic import PrivateAttr
from typing_extensions import override

from flows.runtime import runtime, set_up_logs
from flows.warm.exporting import exporting
from flows.warm.forking import ForkServer
from flows.warm.messages import Fork
from flows.warm.tls import share_tls_contexts
from scorewire.errors import WorkerLostError
from scorewire.store.jobs import LAUNCHED
from scorewire.store.subscription import Subscription

WORKER_TYPE = "warm"


@cache
def _settings_environment() -> dict[str, str]:
    """The settings of this process, which it keeps for its life."""
    return get_current_settings().to_environment_variables(exclude_unset=True)


class WarmJobConfiguration(ProcessJobConfiguration):
    """What a run needs: what the process worker's does, and where its flow is."""

    _entrypoint: str | None = PrivateAttr(default=None)

    @override
    def prepare_for_flow_run(
        self,
        flow_run: FlowRun,
        deployment: DeploymentResponse | None = None,
        flow: FlowRecord | None = None,
        work_pool: WorkPool | None = None,
        worker_name: str | None = None,
        worker_id: Any = None,
    ) -> None:
        super().prepare_for_flow_run(
            flow_run, deployment, flow, work_pool, worker_name, worker_id=worker_id
        )
        if deployment is not None and not deployment.pull_steps:
            self._entrypoint = deployment.entrypoint

    @override
    @classmethod
    def _base_environment(cls) -> dict[str, str]:
        return dict(_settings_environment())

    @property
    def entrypoint(self) -> str | None:
        """The flow that a fork can run; None for a run with a command or code of its own."""
        return None if self._command_configured else self._entrypoint


class WarmWorker(ProcessWorker):
    """Forks flow runs from a process that has everything imported."""

    type = WORKER_TYPE
    job_configuration = WarmJobConfiguration

    _display_name = "Warm process"
    _description = "Execute flow runs as processes that are forked with everything imported."

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as Prefect has it
        super().__init__(*arguments, **options)
        share_tls_contexts()
        # A run's environment has its settings in just this form: it can keep what was made of them.
        inherited = os.environ  # noqa: TID251 - it is handed on, not read
        self._fork_server = ForkServer(inherited | _settings_environment())
        self._woken = asyncio.Event()
        self._looking = asyncio.Lock()
        self._around = contextlib.AsyncExitStack()

    @override
    async def __aenter__(self) -> Self:
        set_up_logs()
        # Entered first: the fork server outlives the runs, and tells how they end.
        await self._around.enter_async_context(self._fork_server)
        await super().__aenter__()
        await self._around.enter_async_context(self._looking_when_told())
        settings = runtime().settings
        telling = exporting(settings.host, settings.worker_metrics_port, self._fork_server.running)
        self._around.enter_context(telling)
        return self

    @override
    async def __aexit__(self, *exc_info: object) -> None:
        try:
            await super().__aexit__(*exc_info)
        finally:
            await self._around.aclose()

    @override
    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        # One look at a time: of two, the later could take up again what the earlier has begun.
        async with self._looking:
            return await super().get_and_submit_flow_runs()

    @override
    async def _propose_submitting_state(self, flow_run: FlowRun) -> None:
        """Say nothing: the run begins before it could be seen to be submitted."""

    @override
    async def _give_worker_labels_to_flow_run(self, flow_run_id: Any) -> None:
        # Nothing but people's eyes: the run does not wait for it.
        give_labels = super()._give_worker_labels_to_flow_run

        async def label() -> None:
            try:
                await give_labels(flow_run_id)
            except (httpx.HTTPError, PrefectException):
                self._logger.warning("Flow run %s has no labels", flow_run_id, exc_info=True)

        if self._runs_task_group is not None:
            self._runs_task_group.start_soon(label)

    @override
    def _release_limit_slot(self, flow_run_id: Any) -> None:
        super()._release_limit_slot(flow_run_id)
        self._woken.set()  # another run may have waited for the place

    @override
    async def run(
        self,
        flow_run: FlowRun,
        configuration: ProcessJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> ProcessWorkerResult:
        entrypoint = cast("WarmJobConfiguration", configuration).entrypoint
        if entrypoint is None or not await self._can_fork():
            return await super().run(flow_run, configuration, task_status)

        async def resolve(_: FlowRun) -> Flow[..., Any]:
            return await asyncio.to_thread(load_flow_from_entrypoint, entrypoint)

        environment = configuration.env | {"PREFECT__FLOW_ENTRYPOINT": entrypoint}
        with _folder(configuration) as folder:
            async with FlowRunExecutorContext() as context:
                starter = _ForkStarter(
                    self._fork_server, folder, environment, context.control_channel
                )
                executor = context.create_executor(
                    flow_run, starter, resolve_flow=resolve, propose_submitting=False
                )
                ended: FlowRunExecutionResult | None = None

                async def execute(*, task_status: anyio.abc.TaskStatus[ProcessHandle]) -> None:
                    nonlocal ended
                    ended = await executor.submit(task_status=task_status)

                async with anyio.create_task_group() as tasks:
                    handle = await tasks.start(execute)
                    if task_status is not None:
                        task_status.started(handle.pid)
        if ended is None or ended.status_code is None:
            message = f"The process of flow run {flow_run.id} could not be started; see above."
            raise WorkerLostError(message)
        return ProcessWorkerResult(status_code=ended.status_code, identifier=str(handle.pid))

    async def _can_fork(self) -> bool:
        try:
            await self._fork_server.ready()
        except WorkerLostError as error:
            self._logger.warning("%s A process is started for the run", error.message)
            return False
        return True

    @contextlib.asynccontextmanager
    async def _looking_when_told(self) -> AsyncIterator[None]:
        url = runtime().settings.database_url
        assert url is not None  # noqa: S101 - the runtime has refused to be without
        launched = Subscription(url.get_secret_value(), LAUNCHED)
        tasks = [
            asyncio.create_task(launched.run(self._woken.set, lambda _: self._woken.set())),
            asyncio.create_task(self._look_when_woken()),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_when_woken(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                await self.get_and_submit_flow_runs()
            except (httpx.HTTPError, OSError):
                self._logger.warning("Prefect was not asked for runs; polling will", exc_info=True)


class _ForkStarter:
    """What Prefect's executor starts a run's process with, and waits for it.

    Args:
        fork_server: forks the process.
        folder: its working directory.
        environment: its environment, but for what belongs to this very run.
        control: on which the process is told that it is going to be cancelled.
    """

    def __init__(
        self,
        fork_server: ForkServer,
        folder: Path,
        environment: dict[str, str | None],
        control: ControlChannel,
    ) -> None:
        self._fork_server = fork_server
        self._folder = folder
        self._environment = environment
        self._control = control

    async def start(
        self,
        flow_run: FlowRun,
        task_status: anyio.abc.TaskStatus[ProcessHandle] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Start the process, say that it is there, and wait until it ends."""
        request = Fork(flow_run.id, str(self._folder), self._environment_of(flow_run))
        run = await self._fork_server.fork(request)
        scope = create_isolated_termination_scope(run.pid)
        process: Any = run  # `pid` and `returncode` are all that is asked of it
        task_status.started(ProcessHandle(process, termination_scope=scope))
        try:
            await run.wait()
        except asyncio.CancelledError:
            # The worker stops: its runs get the moment that its supervisor leaves it.
            with contextlib.suppress(ProcessLookupError):
                os.kill(run.pid, signal.SIGTERM)
            with anyio.CancelScope(shield=True):
                await run.wait()
            raise

    def _environment_of(self, flow_run: FlowRun) -> dict[str, str]:
        environment = dict(self._environment)
        environment["PREFECT__FLOW_RUN_ID"] = str(flow_run.id)
        # They are run by the executor here, which also knows of a process that was killed.
        environment["PREFECT__ENABLE_CANCELLATION_AND_CRASHED_HOOKS"] = "false"
        with contextlib.suppress(RuntimeError):  # no port was free: it is killed without a word
            port, token = self._control.register(flow_run.id)
            environment["PREFECT__CONTROL_PORT"] = str(port)
            environment["PREFECT__CONTROL_TOKEN"] = token
        return sanitize_subprocess_env(environment)


@contextlib.contextmanager
def _folder(configuration: ProcessJobConfiguration) -> Iterator[Path]:
    if configuration.working_dir is not None:
        yield configuration.working_dir.resolve()
        return
    with tempfile.TemporaryDirectory(suffix="prefect") as folder:
        yield Path(folder).resolve()
