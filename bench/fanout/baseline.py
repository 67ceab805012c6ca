"""The baseline: FastAPI with a Redis subscription for each WebSocket, one `send_json` an event.

The usual way to write a progress stream in Python. It is given what it can use: uvicorn's fastest
protocols, hiredis where that is installed, no pings beside its own heartbeat.
"""

import argparse
import asyncio
import contextlib
import json
from collections import defaultdict
from datetime import UTC, datetime

import redis.asyncio as redis
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

MAX_CONNECTIONS = 20_000


class ConnectionManager:
    """Knows which sockets watch which job."""

    def __init__(self) -> None:
        self.active_connections: defaultdict[str, list[WebSocket]] = defaultdict(list)

    async def connect(self, websocket: WebSocket, job_id: str) -> None:
        """Accept a socket."""
        await websocket.accept()
        self.active_connections[job_id].append(websocket)

    def disconnect(self, websocket: WebSocket, job_id: str) -> None:
        """Forget a socket."""
        self.active_connections[job_id].remove(websocket)


async def forward(websocket: WebSocket, pubsub: redis.client.PubSub) -> None:
    """Send what Redis says, until the job ends."""
    async for message in pubsub.listen():
        if message["type"] == "message":
            update = json.loads(message["data"])
            await websocket.send_json(update)
            if update.get("type") in {"completed", "error"}:
                return


async def heartbeat(websocket: WebSocket, interval_s: float) -> None:
    """Send a heartbeat again and again."""
    while True:
        await asyncio.sleep(interval_s)
        timestamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        await websocket.send_json({"type": "heartbeat", "timestamp": timestamp})


async def drain(websocket: WebSocket) -> None:
    """Read pongs, so that a client that leaves is noticed."""
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await websocket.receive_text()


def create_app(redis_url: str, heartbeat_s: float) -> FastAPI:
    """Make the application."""
    app = FastAPI()
    client = redis.from_url(redis_url, max_connections=MAX_CONNECTIONS)
    manager = ConnectionManager()

    @app.websocket("/api/v1/jobs/{job_id}/stream")
    async def stream(websocket: WebSocket, job_id: str) -> None:
        await manager.connect(websocket, job_id)
        pubsub = client.pubsub()
        await pubsub.subscribe(f"job:{job_id}:updates")
        tasks = [
            asyncio.create_task(forward(websocket, pubsub)),
            asyncio.create_task(heartbeat(websocket, heartbeat_s)),
            asyncio.create_task(drain(websocket)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            manager.disconnect(websocket, job_id)
            await pubsub.aclose()

    return app


def main() -> None:
    """Serve on loopback."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--redis-url", required=True)
    arguments.add_argument("--heartbeat-s", type=float, default=30.0)
    given = arguments.parse_args()
    uvicorn.run(
        create_app(given.redis_url, given.heartbeat_s),
        port=given.port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_ping_interval=None,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
