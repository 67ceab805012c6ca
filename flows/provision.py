"""Gives a Prefect server what Scorewire needs of it: work pool, queues, deployments.

Run as `python -m flows.provision`; running it again changes nothing. With `--recover`, runs that
were under way when the machine's only worker stopped are ended or put back first.
"""

import argparse
import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT
from contextlib import suppress
from pathlib import Path

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists
from prefect.workers.process import ProcessWorker

import flows
from flows.recovery import recover
from scorewire.errors import StackFailedError

WORK_POOL = "gpu"
QUEUE_PRIORITIES = {"interactive": 1, "bulk": 10}
"""Prefect serves the lowest number first."""


def _deployments_file() -> Path:
    package = Path(flows.__file__).parent
    installed, checkout = package / "prefect.yaml", package.parent / "prefect.yaml"
    return installed if installed.exists() else checkout


async def _create_work_pool(client: PrefectClient) -> None:
    template = ProcessWorker.get_default_base_job_template()
    pool = WorkPoolCreate(name=WORK_POOL, type=ProcessWorker.type, base_job_template=template)
    with suppress(ObjectAlreadyExists):
        await client.create_work_pool(pool)
    for name, priority in QUEUE_PRIORITIES.items():
        with suppress(ObjectAlreadyExists):
            await client.create_work_queue(name=name, priority=priority, work_pool_name=WORK_POOL)


async def _deploy() -> None:
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    deploy = await asyncio.create_subprocess_exec(
        *command, "--prefect-file", str(_deployments_file()), stdout=PIPE, stderr=STDOUT
    )
    output, _ = await deploy.communicate()
    if deploy.returncode != 0:
        last_words = output.decode(errors="replace").strip()[-500:]
        message = f"Prefect refused the deployments of prefect.yaml: {last_words}"
        raise StackFailedError(message)


async def provision(*, recover_runs: bool) -> None:
    """Create what is missing, then deploy.

    Args:
        recover_runs: also deal with runs that no living worker has; only where this machine's
            worker is the pool's only one.

    Raises:
        StackFailedError: Prefect refused the deployments.
    """
    async with get_client() as client:
        await _create_work_pool(client)
        if recover_runs:
            await recover(client, WORK_POOL)
    await _deploy()


def main() -> None:
    """Provision the server that the Prefect settings name."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--recover", action="store_true", help="deal with lost runs first")
    asyncio.run(provision(recover_runs=arguments.parse_args().recover))


if __name__ == "__main__":
    main()
