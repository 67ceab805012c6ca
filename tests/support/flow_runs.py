"""Jobs and their Prefect runs, as the tests of what is left behind look at them."""

from prefect.client.orchestration import PrefectClient

from flows.journal import Journal
from scorewire.jobs.job import Job
from scorewire.store.jobs import get_job


def job_of(journal: Journal) -> Job:
    """Where the journal's job stands."""
    job = journal.runtime.store(get_job, journal.job_id)
    assert job is not None
    return job


async def state_name(client: PrefectClient, journal: Journal) -> str:
    """The name of the run's state."""
    run = await client.read_flow_run(journal.flow_run_id)
    return str(run.state_name)
