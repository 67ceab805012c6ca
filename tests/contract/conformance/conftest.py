"""The deployment that is to conform: one of the suite's own, or the one that --url names."""

from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from conformance.clauses import clauses_of, verdicts
from conformance.client import Client
from conformance.deployment import Deployment, guarded_by
from conformance.jobs import JobMaker
from conformance.life import Life, observe
from conformance.patience import PUBLISHED, SHORTENED, Patience
from pydantic import SecretStr

from scorewire.settings import inherited_environment
from scorewire.stack.state import read_state

if TYPE_CHECKING:
    from conformance.local import Local

SECRET = "a secret of at least thirty-two bytes, of this suite"  # noqa: S105 - of servers that live as long as the tests

_OUTCOMES = pytest.StashKey[list[tuple[str, str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the deployment's address; tokens come by the environment, which others cannot read."""
    group = parser.getgroup("conformance")
    group.addoption("--url", help="a deployment to be tested, instead of one of the suite's own")
    group.addoption("--clauses", action="store_true", help="print what became of each clause")
    group.addoption(
        "--data-dir", type=Path, help="its data folder, if it is a stack of this machine"
    )
    group.addoption(
        "--heartbeat-s", type=float, default=30.0, help="its SCOREWIRE_HEARTBEAT_S (default 30)"
    )
    group.addoption(
        "--connections-per-minute",
        type=int,
        default=10,
        help="its SCOREWIRE_CONNECTIONS_PER_MINUTE (default 10)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count."""
    config.stash[_OUTCOMES] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count what became of each test, by the clauses that it names."""
    report = yield
    decided = report.when == "call" or report.outcome != "passed"
    if decided and isinstance(item, pytest.Function):
        outcomes = item.config.stash[_OUTCOMES]
        outcomes += [(clause, report.outcome) for clause in clauses_of(item.function.__doc__)]
    return report


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table of clauses."""
    if config.getoption("clauses", default=False):
        terminalreporter.section("conformance")
        for clause, verdict in verdicts(config.stash[_OUTCOMES]):
            terminalreporter.line(f"[{clause}] {verdict}")


@pytest.fixture(scope="session")
async def local(request: pytest.FixtureRequest, open_folder: Path) -> AsyncIterator["Local | None"]:
    """What the suite's own deployments stand on; None where another deployment is tested."""
    if request.config.getoption("url", default=None):
        yield None
        return
    from conformance.local import local_stack  # noqa: PLC0415 - imports Prefect, which takes seconds

    folder = open_folder / "contract"
    folder.mkdir(mode=0o755)
    async with local_stack(folder) as local:
        yield local


@pytest.fixture(scope="session")
async def deployment(
    request: pytest.FixtureRequest, local: "Local | None"
) -> AsyncIterator[Deployment]:
    """The deployment that is tested."""
    if local is None:
        yield _remote(request.config)
    else:
        async with local.serve() as deployment:
            yield deployment


@pytest.fixture(scope="session")
async def guarded(local: "Local | None", deployment: Deployment) -> AsyncIterator[Deployment]:
    """A deployment that asks for tokens."""
    if local is not None:
        async with local.serve(jwt_secret=SecretStr(SECRET)) as guarded:
            yield guarded
    elif deployment.guarded:
        yield deployment
    else:
        pytest.skip("the deployment is open: it asks for no token")


@pytest.fixture(scope="session")
async def client(deployment: Deployment) -> AsyncIterator[Client]:
    """A client of the deployment."""
    async with Client(deployment, deployment.token) as client:
        yield client


@pytest.fixture(scope="session")
async def jobs(client: Client) -> AsyncIterator[JobMaker]:
    """Makes jobs, and removes them in the end."""
    maker = JobMaker(client)
    yield maker
    await maker.remove_all()


@pytest.fixture
async def working(jobs: JobMaker) -> AsyncIterator[str]:
    """A job at work, which is cancelled after the test."""
    job_id = await jobs.working()
    yield job_id
    await jobs.cancel(job_id)


@pytest.fixture
async def waiting(jobs: JobMaker) -> AsyncIterator[str]:
    """A job of which nothing is heard for long, cancelled after the test."""
    queue = await jobs.waiting()
    yield queue[-1]
    for job_id in reversed(queue):
        await jobs.cancel(job_id)


@pytest.fixture(scope="session")
async def life(client: Client, jobs: JobMaker) -> Life:
    """All that was told of a job from its submission to its score, over each channel."""
    return await observe(client, jobs)


@pytest.fixture
def own(local: "Local | None") -> "Local":
    """The suite's own stack, for tests that do things to it which nobody may do to another."""
    if local is None:
        pytest.skip(
            "it takes control of the server or of the work, which only the suite's own gives"
        )
    return local


@pytest.fixture
def stack(request: pytest.FixtureRequest) -> psutil.Process:
    """The `scorewire up` behind the deployment, for tests that kill what it runs."""
    data_dir = request.config.getoption("data_dir", default=None)
    if data_dir is None:
        pytest.skip("it kills a flow's process, which takes a stack of this machine (DATA_DIR)")
    state = read_state(data_dir)
    assert state is not None, f"no stack runs on {data_dir}"
    return psutil.Process(state.pid)


@pytest.fixture
def patience(local: "Local | None", monkeypatch: pytest.MonkeyPatch) -> Patience:
    """How long the server waits for a client; the suite's own gives up sooner than a real one."""
    if local is None:
        return PUBLISHED
    monkeypatch.setattr("bridge.session.SILENCE_GRACE_S", SHORTENED.grace_s)
    monkeypatch.setattr("bridge.session.STALL_S", SHORTENED.stall_s)
    monkeypatch.setattr("scorewire.http.limits.WINDOW_S", SHORTENED.window_s)
    return SHORTENED


def _remote(config: pytest.Config) -> Deployment:
    environment = inherited_environment()
    url = config.getoption("url").rstrip("/")
    known = {
        "heartbeat_s": config.getoption("heartbeat_s"),
        "connections_per_minute": config.getoption("connections_per_minute"),
    }
    if secret := environment.get("SECRET"):
        return guarded_by(secret, url, **known)
    return Deployment(
        url,
        token=environment.get("TOKEN") or None,
        stranger_token=environment.get("STRANGER_TOKEN") or None,
        **known,
    )
