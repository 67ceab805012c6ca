"""Gives a Prefect server what Scorewire needs of it: storage of results, work pool, deployments.

Run as `python -m flows.provision`; running it again changes nothing. With `--recover`, what was
under way when the machine's only worker stopped is ended, put back or started.
"""

import argparse
import asyncio
import runpy
import sys
from contextlib import suppress
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists
from prefect.workers.process import ProcessWorker

import flows
from flows.recovery import recover
from flows.results import NAME, StageResults
from flows.runtime import worker_type
from flows.warm.worker import WarmWorker
from scorewire.errors import StackFailedError
from scorewire.jobs.launching import (
    BULK_QUEUE,
    HOUSEKEEPING_QUEUE,
    INTERACTIVE_QUEUE,
    WORK_POOL,
)

WORKERS = {worker.type: worker for worker in (ProcessWorker, WarmWorker)}
"""By the names that the settings know."""

BULK_RUNS = 1
"""So many of them begin: each holds a place of its worker for as long as it lasts."""

QUEUE_PRIORITIES = {HOUSEKEEPING_QUEUE: 1, INTERACTIVE_QUEUE: 2, BULK_QUEUE: 10}
"""Prefect serves the lowest number first; housekeeping takes a second, and others wait for it."""


def _deployments_file() -> Path:
    package = Path(flows.__file__).parent
    installed, checkout = package / "prefect.yaml", package.parent / "prefect.yaml"
    return installed if installed.exists() else checkout


async def create_work_pool(worker: type[ProcessWorker]) -> None:
    """Create the work pool and its queues where they are missing, for workers of this class.

    A pool that is there for the other class stays as it is: Prefect cannot change its type, and
    would lose the runs that wait in it with the pool. Either class takes runs from either pool,
    since their templates are alike.
    """
    template = worker.get_default_base_job_template()
    pool = WorkPoolCreate(name=WORK_POOL, type=worker.type, base_job_template=template)
    async with get_client() as client:
        with suppress(ObjectAlreadyExists):
            await client.create_work_pool(pool)
        for name, priority in QUEUE_PRIORITIES.items():
            with suppress(ObjectAlreadyExists):
                await client.create_work_queue(
                    name=name,
                    priority=priority,
                    concurrency_limit=BULK_RUNS if name == BULK_QUEUE else None,
                    work_pool_name=WORK_POOL,
                )


def name_storage() -> None:
    """Tell the server of the storage that its clients are to keep the results of stages in."""
    StageResults().save(NAME, overwrite=True)


def deploy() -> None:
    """Deploy all of prefect.yaml, as `prefect deploy --all` does.

    It is that command, run in this process: another one would spend seconds on imports.

    Raises:
        StackFailedError: Prefect refused; what it said stands on standard output.
    """
    sys.argv = ["prefect", "--no-prompt", "deploy", "--all"]
    sys.argv += ["--prefect-file", str(_deployments_file())]
    try:
        runpy.run_module("prefect", run_name="__main__")
    except SystemExit as end:
        if end.code:
            message = "Prefect refused the deployments of prefect.yaml; see what it said above."
            raise StackFailedError(message) from end


async def recover_all() -> None:
    """Deal with whatever no living worker has; only where no worker of the pool runs."""
    async with get_client() as client:
        await recover(client, WORK_POOL)


def main() -> None:
    """Provision the server that the Prefect settings name."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--recover", action="store_true", help="deal with lost runs and jobs")
    given = arguments.parse_args()
    asyncio.run(create_work_pool(WORKERS[worker_type()]))
    name_storage()
    deploy()
    if given.recover:
        asyncio.run(recover_all())


if __name__ == "__main__":
    main()
