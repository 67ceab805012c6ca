"""Where Prefect keeps the results of stages: in Scorewire's own storage.

A run that is retried on another machine finds there what was done on the first. Prefect is told of
it by name (`PREFECT_RESULTS_DEFAULT_STORAGE_BLOCK`); `flows.provision` gives the name its meaning.
Flows keep no results: what one returns is in the database by then.
"""

import asyncio

from prefect._internal.compatibility.async_dispatch import async_dispatch
from prefect.filesystems import WritableFileSystem
from typing_extensions import override

from flows.runtime import runtime
from scorewire.jobs.launching import RESULTS_BLOCK

FOLDER = "stages"
"""Of the storage."""

_SLUG, _, NAME = RESULTS_BLOCK.partition("/")


class StageResults(WritableFileSystem):
    """Keeps each result as a blob, under the name that its stage gives it.

    It has no settings of its own: they are those of the process. Its methods come in pairs, as
    those of Prefect's own file systems do; pyproject.toml pins the version.
    """

    _block_type_name = "Scorewire stage results"
    _block_type_slug = _SLUG
    _description = "Keeps the results of stages in Scorewire's storage."

    async def aread_path(self, path: str) -> bytes:
        """Read a result."""
        return await asyncio.to_thread(runtime().blobs.get_bytes, _key(path))

    @override
    @async_dispatch(aread_path)
    def read_path(self, path: str) -> bytes:  # type: ignore[override] # Prefect types its own pairs no better
        """Read a result.

        Raises:
            NotKeptError: there is none of this name.
        """
        return runtime().blobs.get_bytes(_key(path))

    async def awrite_path(self, path: str, content: bytes) -> None:
        """Keep a result."""
        await asyncio.to_thread(runtime().blobs.put_bytes, _key(path), content)

    @override
    @async_dispatch(awrite_path)
    def write_path(self, path: str, content: bytes) -> None:  # type: ignore[override] # Prefect types its own pairs no better
        """Keep a result."""
        runtime().blobs.put_bytes(_key(path), content)


def _key(path: str) -> str:
    return f"{FOLDER}/{path}"
