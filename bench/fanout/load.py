"""The load client: thousands of watchers in one process and one epoll loop.

It must cost far less than what it measures. Watchers of one job receive the same bytes, so bytes
that were taken apart once are looked up the next time; a message then costs a `recv`, a look-up
and a comparison of ids. It takes commands as lines of JSON on standard input and answers each
with one line on standard output.
"""

import json
import os
import select
import signal
import sys
import time
from array import array
from collections.abc import Mapping
from typing import Any

import numpy as np
from wire import Parsed, open_sockets, parse

READ_BYTES = 65_536
BURST = 64
MAX_REMEMBERED = 4_096
MAX_READY = 512
"""Sockets taken from epoll at once; a stamp is taken for each of them when it is read."""


class Watcher:
    """One connection, and where it stands in its job's history."""

    __slots__ = ("connection", "last_id", "recv", "rest", "watched")

    def __init__(self, connection: Any, rest: bytes, watched: str) -> None:  # noqa: ANN401 - a socket
        self.connection = connection
        self.recv = connection.recv
        self.rest = rest
        self.watched = watched
        self.last_id: int | None = None


class Load:
    """All watchers, and what they received since the last `begin`."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._epoll.register(sys.stdin.fileno(), select.EPOLLIN)
        self._watchers: dict[int, Watcher] = {}
        self._remembered: dict[bytes, Parsed] = {}
        self._begin()

    def _begin(self) -> None:
        self._received_s = array("d")
        self._sent_s = array("d")
        self._batch_s = array("d")
        self._gaps = self._repeats = self._heartbeats = self._closed = 0
        self._begun_s = time.time()
        self._begun_cpu_s = time.process_time()

    def run(self) -> None:
        """Serve commands until standard input ends."""
        commands = sys.stdin.fileno()
        pending = b""
        while True:
            ready = self._epoll.poll(-1, MAX_READY)
            batch_begun_s = time.time()
            for fd, _ in ready:
                if fd != commands:
                    self._read(self._watchers[fd])
                    continue
                line = os.read(commands, READ_BYTES * 64)
                if not line:
                    return
                pending += line
                if pending.endswith(b"\n"):
                    print(json.dumps(self._obey(json.loads(pending))), flush=True)
                    pending = b""
            self._batch_s.append(time.time() - batch_begun_s)

    def _read(self, watcher: Watcher) -> None:
        try:
            chunk = watcher.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except ConnectionError:
            chunk = b""
        if not chunk:
            self._drop(watcher)
            return
        self._take(watcher, chunk, time.time())

    def _take(self, watcher: Watcher, chunk: bytes, now_s: float) -> None:
        if watcher.rest:
            parsed = parse(watcher.rest + chunk)
        else:
            found = self._remembered.get(chunk)
            if found is None:
                if len(self._remembered) >= MAX_REMEMBERED:
                    self._remembered.clear()
                found = self._remembered[chunk] = parse(chunk)
            parsed = found
        ids, sent_s, answer, watcher.rest, closed = parsed
        last_id = watcher.last_id
        for event_id, event_sent_s in zip(ids, sent_s, strict=True):
            if last_id is None or event_id == last_id + 1:
                last_id = event_id
            elif event_id > last_id:
                self._gaps += event_id - last_id - 1
                last_id = event_id
            else:
                self._repeats += 1
            self._received_s.append(now_s)
            self._sent_s.append(event_sent_s)
        watcher.last_id = last_id
        if answer:
            self._heartbeats += 1
            watcher.connection.send(answer)
        if closed:
            self._drop(watcher)

    def _drop(self, watcher: Watcher) -> None:
        self._closed += 1
        fd = watcher.connection.fileno()
        self._epoll.unregister(fd)
        del self._watchers[fd]
        watcher.connection.close()

    def _obey(self, command: Mapping[str, Any]) -> Mapping[str, Any]:
        match command["do"]:
            case "connect":
                return self._connect(command["port"], command["jobs"], command["watchers_per_job"])
            case "begin":
                self._begin()
                return {}
            case "standing":
                return self._standing(command["last_ids"])
            case "report":
                return self._report(command["last_ids"])
            case unknown:
                raise ValueError(unknown)

    def _connect(self, port: int, jobs: list[str], watchers_per_job: int) -> Mapping[str, Any]:
        wanted = [job for job in jobs for _ in range(watchers_per_job)]
        for start in range(0, len(wanted), BURST):
            burst = wanted[start : start + BURST]
            opened = open_sockets(port, [f"/api/v1/jobs/{job}/stream" for job in burst])
            for job, (connection, rest) in zip(burst, opened, strict=True):
                watcher = Watcher(connection, b"", job)
                self._watchers[connection.fileno()] = watcher
                self._epoll.register(connection.fileno(), select.EPOLLIN)
                if rest:
                    self._take(watcher, rest, time.time())
        return {"connected": len(self._watchers)}

    def _standing(self, last_ids: Mapping[str, int]) -> Mapping[str, Any]:
        """Say how many watchers have not yet seen the last event of their job."""
        behind = sum(
            watcher.last_id is None or watcher.last_id < last_ids[watcher.watched]
            for watcher in self._watchers.values()
        )
        return {"behind": behind + self._closed}

    def _report(self, last_ids: Mapping[str, int]) -> Mapping[str, Any]:
        cpu_s = time.process_time() - self._begun_cpu_s
        span_s = time.time() - self._begun_s
        received_s = np.array(self._received_s)
        latency_ms = (received_s - np.array(self._sent_s)) * 1000
        missing = sum(
            max(last_ids.get(watcher.watched, 0) - (watcher.last_id or 0), 0)
            for watcher in self._watchers.values()
        )
        p50_ms, p99_ms, max_ms = (
            np.percentile(latency_ms, (50, 99, 100)) if len(latency_ms) else (0.0, 0.0, 0.0)
        )
        first_s = min(self._sent_s, default=0.0)
        delivered_span_s = float(received_s.max()) - first_s if len(received_s) else 0.0
        return {
            "delivered": len(received_s),
            "delivered_span_s": delivered_span_s,
            "p50_ms": float(p50_ms),
            "p99_ms": float(p99_ms),
            "max_ms": float(max_ms),
            "lost": self._gaps + missing,
            "repeated": self._repeats,
            "closed": self._closed,
            "heartbeats": self._heartbeats,
            "client_cpu_s": cpu_s,
            "client_cpu_share": cpu_s / span_s,
            "client_batch_p99_ms": float(np.percentile(self._batch_s, 99)) * 1000,
        }


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it ends it
    Load().run()
