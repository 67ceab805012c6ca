"""A client as docs/protocol.md has it: it watches, and reconnects until the job has ended."""

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect

TERMINAL = {"completed", "error"}
AGAIN_AFTER_S = 0.25
DONE = 1000


@dataclass
class Watcher:
    """Watches a job in a thread of its own.

    Attributes:
        url: of the job's stream.
        messages: the events that came, each with the moment of its arrival.
        breaks: how often the connection was lost.
    """

    url: str
    messages: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    breaks: int = 0
    _news: threading.Condition = field(default_factory=threading.Condition)
    _stop: bool = False

    def start(self) -> "Watcher":
        """Begin to watch."""
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def stop(self) -> None:
        """Watch no longer."""
        self._stop = True

    def wait_for_stage(self, stage: str, timeout_s: float) -> bool:
        """Wait until a stage is under way; False where the job ended, or time is up, before."""
        return self._wait(
            lambda: any(m.get("stage") == stage for _, m in self.messages), timeout_s
        ) and not self.terminals(1)

    def wait_for_end(self, attempt: int, timeout_s: float) -> bool:
        """Wait until an attempt has ended."""
        return self._wait(lambda: bool(self.terminals(attempt)), timeout_s)

    def terminals(self, attempt: int) -> list[tuple[float, dict[str, Any]]]:
        """The terminal events of an attempt."""
        return [
            (at_s, m)
            for at_s, m in self.messages
            if m["type"] in TERMINAL and m["attempt"] == attempt
        ]

    def _wait(self, is_so: Any, timeout_s: float) -> bool:  # noqa: ANN401 - any question
        with self._news:
            return self._news.wait_for(is_so, timeout_s)

    def _watch(self) -> None:
        while not self._stop:
            last = self.messages[-1][1]["id"] if self.messages else 0
            try:
                with connect(f"{self.url}?after={last}", open_timeout=5) as socket:
                    self._read(socket)
            except ConnectionClosed as closed:
                # A job that has ended may be retried: then there is more to see.
                if closed.rcvd is None or closed.rcvd.code != DONE:
                    self.breaks += 1
            except (OSError, TimeoutError, InvalidHandshake):
                pass  # the API is not there (yet)
            time.sleep(AGAIN_AFTER_S)

    def _read(self, socket: Any) -> None:  # noqa: ANN401 - a connection
        while not self._stop:
            message = json.loads(socket.recv())
            if message["type"] == "heartbeat":
                socket.send(json.dumps({**message, "type": "pong"}))
                continue
            with self._news:
                self.messages.append((time.monotonic(), message))
                self._news.notify_all()
