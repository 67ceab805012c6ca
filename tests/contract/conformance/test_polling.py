"""Polling: the job as JSON."""

from conformance.client import Client
from conformance.jobs import JobMaker
from conformance.life import Life

FIELDS = {
    "job_id", "status", "progress", "stage", "message", "attempt", "created_at", "started_at",
    "completed_at", "failed_at", "duration_seconds", "result_url", "error", "last_event_id",
}  # fmt: skip


async def test_the_job_has_its_fields(life: Life) -> None:
    """[P1] All of them at all times, null where there is nothing (yet)."""
    for _, job in life.polls:
        assert job.keys() >= FIELDS
    final = life.final
    assert (final["job_id"], final["error"], final["failed_at"]) == (life.job_id, None, None)
    assert final["result_url"] == f"/api/v1/scores/{life.job_id}"
    completed = life.from_first[-1]
    assert final["completed_at"] == completed["timestamp"]
    assert abs(final["duration_seconds"] - completed["duration_seconds"]) < 0.01


async def test_polling_is_never_older_than_an_event(life: Life) -> None:
    """[P1] Read right after an event was received, the job is as new as that event, or newer."""
    assert len(life.polls) > 3
    for event_id, job in life.polls:
        assert job["last_event_id"] >= event_id


async def test_an_unchanged_job_is_not_sent_again(
    client: Client, jobs: JobMaker, working: str
) -> None:
    """[P1] `If-None-Match` is answered with 304 until something changes, and then in full."""
    url = f"/api/v1/jobs/{working}"
    if client.deployment.scripted:  # a real job changes at any moment; see below
        etag = (await client.get(url)).headers["etag"]
        unchanged = await client.get(url, headers={"If-None-Match": f'"other", {etag}'})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["etag"] == etag
    etag = (await client.get(url)).headers["etag"]
    await jobs.cancel(working)
    changed = await client.get(url, headers={"If-None-Match": etag})
    assert (changed.status_code, changed.json()["status"]) == (200, "failed")
    again = await client.get(url, headers={"If-None-Match": changed.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
