"""Runs the services of docker-compose.yml as plain processes on this machine, in its order.

What a container would give is replaced, and nothing else: hosts and ports become ports of loopback,
volumes and secrets become folders, images become this environment (without what the image `api`
has not), and Postgres is the project's own.
"""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from api_image import write_blocker
from compose import ROOT, Service, read_compose, services

from scorewire.settings import inherited_environment
from scorewire.stack.ports import LOOPBACK, free_port
from scorewire.stack.postgres import EmbeddedPostgres
from scorewire.stack.process import ChildProcess, Program
from scorewire.store import admin

TIMEOUT_S = 180.0
POLL_S = 0.2
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is replaced here

LISTENING = {"postgres": [5432], "prefect": [4200], "proxy": [80, 2019], "worker-cpu": [8080]}
LISTENING |= {"api-1": [8000], "api-2": [8000]}
"""Ports inside the containers; with a wrong one nothing here would become healthy."""


class ComposeRun:
    """The services of one profile, while they run.

    Args:
        folder: for volumes, secrets and logs; one that any user may enter.
        settings: variables that `.env` would set.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.document = read_compose(**settings)
        self.services = services(self.document, settings["COMPOSE_PROFILES"])
        self.order: list[str] = []
        self.children: dict[str, ChildProcess] = {}
        self._ports = {
            (name, port): free_port() for name, ports in LISTENING.items() for port in ports
        }
        self._postgres = EmbeddedPostgres(folder / "cluster", self._ports["postgres", 5432])
        self._done = {name: asyncio.Event() for name in self.services}
        self._blocker = write_blocker(folder / "api-image")

    def url(self, name: str, port: int) -> str:
        """Where a container's port is reached here."""
        return f"http://{LOOPBACK}:{self._ports[name, port]}"

    async def start(self) -> None:
        """Start each service as soon as what it waits for is as it should be."""
        self._make_secrets()
        async with asyncio.timeout(TIMEOUT_S), asyncio.TaskGroup() as group:
            for service in self.services.values():
                group.create_task(self._bring(service))

    async def stop(self) -> dict[str, int]:
        """Stop everything, what was started last first; returns how each process ended."""
        ended = {}
        for name in reversed(self.order):
            if (child := self.children.get(name)) and child.running:
                await child.stop()
                ended[name] = await child.wait()
        await self._postgres.stop()
        return ended

    async def healthy(self, name: str) -> bool:
        """Run a service's health check once."""
        service = self.services[name]
        assert service.health_command is not None
        match self._words(service, service.health_command):
            case ["pg_isready", *options]:
                database = options[options.index("--dbname") + 1]
                return await admin.answers(self._postgres.url(database))
            case ["wget", *_, url]:
                return await self._answers(url)
            case [*command]:
                return await self._succeeds(service, command)

    def run_in(self, name: str, *command: str) -> str:
        """What a command says on standard output, in a service's environment."""
        return subprocess.run(
            [*self._entrypoint(), *command],
            env=self._environment(self.services[name]),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    async def _bring(self, service: Service) -> None:
        for name in service.needs:
            await self._done[name].wait()
        self.order.append(service.name)
        if service.name == "postgres":
            await self._bring_postgres(service)
        else:
            await self._bring_process(service)
        self._done[service.name].set()

    async def _bring_postgres(self, service: Service) -> None:
        await self._postgres.start()
        secret = self._secret("postgres_password")
        assert service.environment["POSTGRES_PASSWORD_FILE"].endswith("/postgres_password")
        role, database = service.environment["POSTGRES_USER"], service.environment["POSTGRES_DB"]
        await self._postgres.create_databases(database)
        connection = await asyncpg.connect(self._postgres.url(database))
        for place, source in service.mounts.items():
            if place.startswith("/docker-entrypoint-initdb.d/"):
                await connection.execute((ROOT / source).read_text())
        assert await self.healthy("postgres")
        await connection.execute(f"ALTER ROLE {role} PASSWORD '{secret}'")
        await connection.close()

    async def _bring_process(self, service: Service) -> None:
        child = await self.launch(service.name)
        waited_for = {
            other.needs[service.name]
            for other in self.services.values()
            if service.name in other.needs
        }
        if "service_completed_successfully" in waited_for:
            status = await child.wait()
            assert status == 0, f"{service.name} ended with {status}:\n{child.log_tail(20)}"
            return
        while not await self.healthy(service.name):
            assert child.running, f"{service.name} ended:\n{child.log_tail(20)}"
            await asyncio.sleep(POLL_S)

    async def launch(self, name: str) -> ChildProcess:
        """Start a service's process, whatever it waits for."""
        service = self.services[name]
        child = self.children[name] = ChildProcess(
            Program(
                name=name,
                command=(*self._entrypoint(service), *self._words(service, service.command)),
                environment=self._environment(service),
                log_path=self.folder / "logs" / f"{name}.log",
                marker=f"{self.folder}#{name}",
                folder=self._folder_of(service),
                stop_signal=signal.SIGTERM,
                grace_s=service.grace_s,
            )
        )
        await child.start()
        return child

    def _entrypoint(self, service: Service | None = None) -> tuple[str, ...]:
        ours = service is None or "build" in service.told
        return ("sh", str(ROOT / "deploy" / "with-secrets.sh")) if ours else ()

    def _environment(self, service: Service) -> dict[str, str]:
        told = {name: self._word(service, text) for name, text in service.environment.items()}
        scratch = self.folder / "tmp" / service.name
        scratch.mkdir(parents=True, exist_ok=True)
        image = {"PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1", "HOME": str(scratch)}
        if service.told.get("build", {}).get("target") == "api":
            image["PYTHONPATH"] = str(self._blocker)
        if (service.name, 8080) in self._ports:
            image["PREFECT_WORKER_WEBSERVER_PORT"] = str(self._ports[service.name, 8080])
        for place, source in service.mounts.items():
            if place == "/var/lib/scorewire":
                image["SCOREWIRE_DATA_DIR"] = str(self._volume(source))
        path = os.pathsep.join([str(Path(sys.executable).parent), inherited_environment()["PATH"]])
        # With two threads on two cores a small model is many times slower than with one.
        machine = {"PATH": path, "TMPDIR": str(scratch), "OMP_NUM_THREADS": "1"}
        return {**machine, **image, **told}

    def _folder_of(self, service: Service) -> Path:
        environment = self._environment(service)
        return Path(environment.get("SCOREWIRE_DATA_DIR", environment["TMPDIR"]))

    def _words(self, service: Service, words: list[str]) -> list[str]:
        return [self._word(service, word) for word in words]

    def _word(self, service: Service, text: str) -> str:
        """A word of the file, as it has to be on this machine."""
        for place, source in service.mounts.items():
            text = re.sub(rf"^{re.escape(place)}(?=/|$)", str(self._mounted(service, source)), text)
        text = text.replace("file:///var/lib/scorewire", f"file://{self._volume('data')}")
        text = text.replace("/run/secrets/", f"{self.folder}/secrets/")
        (front,) = self.document["networks"]["front"]["ipam"]["config"]
        text = text.replace(front["subnet"], "127.0.0.0/8").replace(EVERYWHERE, LOOPBACK)
        for (name, port), here in self._ports.items():
            text = re.sub(rf"\b{name}:{port}\b", f"{LOOPBACK}:{here}", text)
            if name == service.name:
                text = re.sub(rf"(^|{LOOPBACK}:|^:){port}\b", rf"\g<1>{here}", text)
        return text

    def _mounted(self, service: Service, source: str) -> Path:
        if not source.startswith("./"):
            return self._volume(source)
        copy = self.folder / "mounted" / source
        copy.parent.mkdir(parents=True, exist_ok=True)
        lines = (ROOT / source).read_text().splitlines()
        copy.write_text("\n".join(self._word(_bare(service), line) for line in lines) + "\n")
        return copy

    def _volume(self, name: str) -> Path:
        assert name in self.document["volumes"]
        folder = self.folder / "volumes" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _make_secrets(self) -> None:
        script = self.folder / "deploy" / "make-secrets.sh"
        script.parent.mkdir(parents=True)
        shutil.copyfile(ROOT / "deploy" / "make-secrets.sh", script)
        for _ in range(2):  # again, which changes nothing
            subprocess.run(["sh", str(script)], check=True)
            made = {name: self._secret(name) for name in self.document["secrets"]}
        assert made == {name: self._secret(name) for name in self.document["secrets"]}

    def _secret(self, name: str) -> str:
        return (self.folder / self.document["secrets"][name]["file"]).read_text()

    async def _succeeds(self, service: Service, command: list[str]) -> bool:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=self._environment(service) | {"PYTHONPATH": ""},
            stderr=asyncio.subprocess.DEVNULL,
        )
        return await process.wait() == 0

    async def _answers(self, url: str) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(url)).is_success
        except httpx.HTTPError:
            return False


def _bare(service: Service) -> Service:
    """The service without its mounts, whose places mean nothing within a mounted file."""
    told: dict[str, Any] = {**service.told, "volumes": []}
    return Service(service.name, told)


@asynccontextmanager
async def running_compose(folder: Path, **settings: str) -> AsyncIterator[ComposeRun]:
    """Run the services for the length of the block."""
    run = ComposeRun(folder, **settings)
    try:
        await run.start()
        yield run
    finally:
        await run.stop()
