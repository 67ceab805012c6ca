"""Serves an application with the bridge's protocols.

python -m bridge.server api.app:from_environment --port 8000
"""

import argparse
from typing import Any

import uvicorn

from bridge.protocol import HttpProtocol, StreamProtocol

MAX_MESSAGE_BYTES = 16 * 1024
"""What a client may send at once ([M5]); the library closes with 1009 before it reads more."""

DRAIN_S = 3
"""How long clients have to leave when the server stops."""

OPTIONS: dict[str, Any] = {
    "http": HttpProtocol,
    "ws": StreamProtocol,
    "ws_max_size": MAX_MESSAGE_BYTES,
    # A compressor for each connection would take more memory than all of the rest of it.
    "ws_per_message_deflate": False,
    # Heartbeats are the wire's own ([M4]).
    "ws_ping_interval": None,
    # Which proxies count is a setting of the application.
    "proxy_headers": False,
    "server_header": False,
    "access_log": False,
    "log_config": None,
    "lifespan": "on",
    "timeout_graceful_shutdown": DRAIN_S,
}
"""Arguments of `uvicorn.Config`."""


def main() -> None:
    """Read the command line, and serve until a signal ends it."""
    parser = argparse.ArgumentParser(prog="python -m bridge.server")
    parser.add_argument("app", help="module:function that makes the application")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on")
    parser.add_argument(
        "--processes",
        type=int,
        default=1,
        help="how many processes share the port; each listens to Postgres by itself",
    )
    told = parser.parse_args()
    uvicorn.run(
        told.app, factory=True, host=told.host, port=told.port, workers=told.processes, **OPTIONS
    )


if __name__ == "__main__":
    main()
