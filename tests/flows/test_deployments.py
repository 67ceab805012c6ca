"""prefect.yaml: what an operator finds in Prefect."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import get_current_settings

from scorewire.jobs.bulk import ON_DEMAND
from scorewire.jobs.launching import BULK_QUEUE, DEPLOYMENT, INTERACTIVE_QUEUE, WORK_POOL
from scorewire.settings import inherited_environment

ROOT = Path(__file__).parents[2]
NIGHTLY = "bulk/nightly"


async def found(name: str) -> dict[str, Any]:
    """What matters of a deployment."""
    async with get_client() as client:
        deployment = await client.read_deployment_by_name(name)
    schedules = [
        (schedule.schedule.cron, schedule.schedule.timezone, schedule.active)
        for schedule in deployment.schedules
    ]
    return {
        "id": deployment.id,
        "pool": deployment.work_pool_name,
        "queue": deployment.work_queue_name,
        "schedules": schedules,
    }


async def ran(command: str, environment: dict[str, str]) -> None:
    """Run a module of ours or of Prefect's, in the checkout."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command.split(), env=environment, cwd=ROOT
    )
    assert await process.wait() == 0


@pytest.mark.usefixtures("flow_runtime")
async def test_deploying_again_changes_nothing(migrated_url: str):
    """Each `scorewire up` does it: the same deployments, in their queues, with one schedule."""
    environment = {
        **inherited_environment(),
        **get_current_settings().to_environment_variables(exclude_unset=True),
        "SCOREWIRE_DATABASE_URL": migrated_url,
    }
    seen = []
    await ran("flows.provision", environment)
    for _ in range(2):
        await ran("prefect deploy --all --no-prompt", environment)
        seen.append({name: await found(name) for name in (DEPLOYMENT, ON_DEMAND, NIGHTLY)})
    assert seen[0] == seen[1]
    assert {deployment["pool"] for deployment in seen[0].values()} == {WORK_POOL}
    assert [seen[0][name]["queue"] for name in (DEPLOYMENT, ON_DEMAND, NIGHTLY)] == [
        INTERACTIVE_QUEUE,
        BULK_QUEUE,
        BULK_QUEUE,
    ]
    assert seen[0][ON_DEMAND]["schedules"] == []
    assert seen[0][NIGHTLY]["schedules"] == [("0 2 * * *", "UTC", True)]
