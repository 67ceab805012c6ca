"""How soon a job that somebody waits for is at work."""

import json
import time

import httpx
from websockets.sync.client import connect


def first_stage_s(api_url: str, recording: bytes, filename: str) -> float:
    """Submit a recording, and watch the job to its end.

    Returns:
        Seconds from sending the POST to receiving the first event of a stage on the WebSocket.

    Raises:
        RuntimeError: the job ends before its first stage.
    """
    with httpx.Client(base_url=api_url) as client:  # making one takes longer than its request
        began_s = time.perf_counter()
        created = client.post(
            "/api/v1/transcribe/upload",
            files={"file": (filename, recording)},
            data={"options": json.dumps({"recording": "solo"})},
        )
    job_id = created.raise_for_status().json()["job_id"]
    stream = f"{api_url.replace('http', 'ws', 1)}/api/v1/jobs/{job_id}/stream?after=0"
    latency_s = None
    with connect(stream) as socket:
        for frame in socket:
            if latency_s is None and json.loads(frame).get("stage"):
                latency_s = time.perf_counter() - began_s
    if latency_s is None:
        message = f"Job {job_id} ended before its first stage."
        raise RuntimeError(message)
    return latency_s
