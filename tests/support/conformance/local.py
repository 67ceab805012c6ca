"""A deployment of the suite's own: the real API on a real Postgres, with a worker that plays."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from pydantic import SecretStr
from serving import serving

from api.app import create_app
from conformance.deployment import Deployment, guarded_by
from conformance.scripted_worker import ScriptedWorker
from conformance.standin_prefect import StandInPrefect
from scorewire.blobs import open_blobs
from scorewire.settings import Settings
from scorewire.stack.postgres import EmbeddedPostgres
from scorewire.store.engine import connect, open_engine
from scorewire.store.migrate import migrate

HEARTBEAT_S = 0.5
DATABASE = "conformance"


class Local:
    """What the suite may do to a deployment of its own, and to no other.

    Args:
        postgres: the server that it stands on.
        data_dir: where its files are.
        prefect_url: the API of its stand-in Prefect.
    """

    def __init__(self, postgres: EmbeddedPostgres, data_dir: Path, prefect_url: str) -> None:
        self._postgres = postgres
        self.data_dir = data_dir
        self.database_url = postgres.url(DATABASE)
        self.prefect_url = prefect_url

    @asynccontextmanager
    async def serve(self, **told: object) -> AsyncIterator[Deployment]:
        """Serve the API, with settings other than the suite's."""
        settings = Settings(
            database_url=SecretStr(self.database_url),
            data_dir=self.data_dir,
            heartbeat_s=HEARTBEAT_S,
            **{"connections_per_minute": 0, "submissions_per_minute": 0, **told},
        )
        prefect = {PREFECT_API_URL: self.prefect_url, PREFECT_CLIENT_MAX_RETRIES: 0}
        async with AsyncExitStack() as running:
            # Not by the environment, which Prefect reads once: another test may have imported it.
            # A server keeps the settings that it starts with; other tests' are not to have them.
            with temporary_settings(prefect):
                address = await running.enter_async_context(serving(create_app(settings)))
            yield self._describe(settings, f"http://{address}")

    def _describe(self, settings: Settings, base_url: str) -> Deployment:
        known = {
            "heartbeat_s": HEARTBEAT_S,
            "connections_per_minute": settings.connections_per_minute,
            "scripted": True,
        }
        if settings.jwt_secret is None:
            return Deployment(base_url, **known)
        return guarded_by(settings.jwt_secret.get_secret_value(), base_url, **known)

    def environment(self) -> dict[str, str]:
        """What a program of its own needs to serve the same database."""
        return {
            "SCOREWIRE_DATABASE_URL": self.database_url,
            "SCOREWIRE_DATA_DIR": str(self.data_dir),
            "SCOREWIRE_HEARTBEAT_S": str(HEARTBEAT_S),
            "SCOREWIRE_CONNECTIONS_PER_MINUTE": "0",
            "SCOREWIRE_SUBMISSIONS_PER_MINUTE": "0",
            "PREFECT_API_URL": self.prefect_url,
        }

    async def cut_listeners(self) -> None:
        """End every connection that listens for events."""
        outsider = await connect(self.database_url)
        await outsider.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query ILIKE 'LISTEN%' AND datname = current_database()"
        )
        await outsider.close()

    async def kill_postgres(self) -> None:
        """Kill the database server, and start it again."""
        assert self._postgres.child.pid is not None
        os.kill(self._postgres.child.pid, signal.SIGKILL)
        await self._postgres.wait()
        await self._postgres.start()


@asynccontextmanager
async def local_stack(folder: Path) -> AsyncIterator[Local]:
    """Start Postgres, the stand-in Prefect and the scripted worker."""
    async with AsyncExitStack() as running:
        postgres = EmbeddedPostgres(folder / "postgres")
        await postgres.start()
        running.push_async_callback(postgres.stop)
        await postgres.create_databases(DATABASE)
        database_url = postgres.url(DATABASE)
        await asyncio.to_thread(migrate, database_url)
        engine = open_engine(database_url)
        running.push_async_callback(engine.dispose)
        data_dir = folder / "data"
        data_dir.mkdir()
        worker = ScriptedWorker(engine, open_blobs(None, data_dir))
        running.push_async_callback(worker.aclose)
        prefect = StandInPrefect(worker.begin, worker.stop)
        address = await running.enter_async_context(serving(prefect.app()))
        yield Local(postgres, data_dir, f"http://{address}/api")
