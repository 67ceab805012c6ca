"""The calibration: a server that does nothing but send, to learn what the load client can take.

It frames an event once and sends the bytes to every watcher, with a blocking `send` each. It takes
commands as lines of JSON on standard input and answers each with one line on standard output.
"""

import argparse
import json
import signal
import socket
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol


def accept(listening: socket.socket) -> socket.socket:
    """Take a connection through the handshake."""
    connection, _ = listening.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    protocol = ServerProtocol()
    while not (requests := protocol.events_received()):
        protocol.receive_data(connection.recv(65536))
    protocol.send_response(protocol.accept(requests[0]))  # type: ignore[arg-type]  # nothing else yet
    connection.sendall(b"".join(protocol.data_to_send()))
    return connection


def blast(connections: Sequence[socket.socket], first_id: int, seconds: float) -> int:
    """Send events to everyone as fast as they are taken; returns the id of the last one."""
    event_id = first_id
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        event = {
            "id": event_id,
            "type": "progress",
            "stage": "separation",
            "job_id": "00000000-0000-0000-0000-000000000000",
            "attempt": 1,
            "message": "Separated segment 123 of 1000 into drums, bass, vocals and other",
            "progress": 45,
            "timestamp": datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z",
        }
        frame = Frame(Opcode.TEXT, json.dumps(event).encode()).serialize(mask=False)
        for connection in connections:
            connection.sendall(frame)
        event_id += 1
    return event_id - 1


def main() -> None:
    """Serve until standard input ends."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--watchers", type=int, required=True)
    given = arguments.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it ends it
    with socket.create_server(("127.0.0.1", given.port), backlog=1024) as listening:
        print(json.dumps({"listening": True}), flush=True)
        connections = [accept(listening) for _ in range(given.watchers)]
        last_id = 0
        for line in sys.stdin:
            last_id = blast(connections, last_id + 1, json.loads(line)["seconds"])
            print(json.dumps({"last_id": last_id}), flush=True)


if __name__ == "__main__":
    main()
