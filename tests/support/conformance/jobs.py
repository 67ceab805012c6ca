"""Makes jobs over the public interface, and removes them."""

import asyncio
import json
from typing import Any

import httpx

from conformance.client import WAIT_S, Client
from conformance.scripts import Script, recording_of

POLL_S = 0.1
QUEUE = 6
"""Long jobs that keep one worker at work for the two minutes that silence takes ([M4])."""

ENDED = {"completed", "failed"}


class JobMaker:
    """Submits what follows a script.

    Args:
        client: who submits.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._made: list[str] = []

    async def submit(self, script: Script, **headers: str) -> httpx.Response:
        """Upload a recording that makes the job follow a script; returns the answer."""
        scripted = self._client.deployment.scripted
        recording = recording_of(script, scripted=scripted)
        response = await self._client.post(
            "/api/v1/transcribe/upload",
            files={"file": (recording.filename, recording.content)},
            data={"options": json.dumps(recording.options)},
            headers=headers,
        )
        assert response.status_code == httpx.codes.CREATED, response.text
        self._made.append(response.json()["job_id"])
        return response

    async def make(self, script: Script) -> str:
        """Submit a job; returns its id."""
        return str((await self.submit(script)).json()["job_id"])

    async def working(self) -> str:
        """Return a job that is at work, and stays so until it is cancelled."""
        job_id = await self.make(Script.HOLDS)
        await self.until(job_id, {"processing"})
        return job_id

    async def waiting(self) -> list[str]:
        """Return jobs of which the last has nothing to tell for a long time.

        A real deployment is given so much work that it has to wait for its turn.
        """
        if self._client.deployment.scripted:
            return [await self.working()]
        return [await self.make(Script.HOLDS) for _ in range(QUEUE)]

    async def ended(self, script: Script) -> str:
        """Return a job that has come to the end of its script."""
        job_id = await self.make(script)
        await self.until(job_id, ENDED)
        return job_id

    async def until(self, job_id: str, statuses: set[str]) -> dict[str, Any]:
        """Poll a job until it has one of some statuses."""
        async with asyncio.timeout(WAIT_S):
            while (job := await self._client.job(job_id))["status"] not in statuses:
                assert job["status"] not in ENDED, f"the job ended as {job}"
                await asyncio.sleep(POLL_S)
        return job

    async def cancel(self, job_id: str) -> httpx.Response:
        """End a job."""
        return await self._client.post(f"/api/v1/jobs/{job_id}/cancel")

    async def retry(self, job_id: str) -> httpx.Response:
        """Open the next attempt of a job."""
        return await self._client.post(f"/api/v1/jobs/{job_id}/retry")

    async def remove_all(self) -> None:
        """Delete every job that was made."""
        for job_id in self._made:
            await self._client.request("DELETE", f"/api/v1/jobs/{job_id}")
