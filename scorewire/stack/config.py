"""What a stack is told by its caller; the stack itself reads no settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class StackConfig:
    """How to run a stack on this machine.

    Attributes:
        data_dir: absolute; holds the cluster, logs, secrets, recordings and results.
        host: address that the API listens on; Prefect's server always stays on loopback.
        port: port of the API; 0 for any free one.
        prefect_port: port of the Prefect server; 0 for any free one.
        database_url: a Postgres to use; None for the embedded one.
        prefect_database_url: Prefect's database; None for `prefect` on the same server.
        environment: what the services inherit from the caller.
        worker: type of the worker, `warm` or `process`.
        concurrent_runs: how many transcriptions the worker runs at a time.
        bulk: whether there is a worker for bulk runs as well.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8000
    prefect_port: int = 4200
    database_url: str | None = field(default=None, repr=False)
    prefect_database_url: str | None = field(default=None, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    worker: str = "process"
    concurrent_runs: int = 1
    bulk: bool = True

    @property
    def logs(self) -> Path:
        """The folder of the parts' logs."""
        return self.data_dir / "logs"

    @property
    def scratch(self) -> Path:
        """The folder of the parts' temporary files, emptied at each start and stop."""
        return self.data_dir / "tmp"

    def marker(self, part: str) -> str:
        """What marks the processes of a part of this stack."""
        return f"{self.data_dir}#{part}"


@dataclass(frozen=True)
class StackUrls:
    """Where a running stack's parts are reached; the databases' addresses hold passwords."""

    api: str
    prefect_ui: str
    prefect_api: str
    database: str = field(repr=False)
    prefect_database: str = field(repr=False)
    prefect_auth: str = field(repr=False)
