"""One WebSocket connection: carries frames between a socket, a session and a subscriber."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from litestar import WebSocket
from litestar.exceptions import WebSocketException

from bridge.session import Action, Close, Send, Session
from bridge.subscriber import Subscriber
from bridge.watch import Bridge
from scorewire.errors import InvalidRequestError, NotFoundError, ServiceUnavailableError
from scorewire.jobs.closing import CloseCode
from scorewire.logs import bind_job

STALL_S = 30.0
"""How long a client may refuse a frame ([W3])."""

CLOSE_TIMEOUT_S = 5.0
_MAX_REASON_BYTES = 120  # a close frame has room for 123
_MAX_AFTER = 2**31 - 1

log = structlog.get_logger(__name__)

Socket = WebSocket[Any, Any, Any]


async def stream(socket: Socket, bridge: Bridge) -> None:
    """Serve one client of `/api/v1/jobs/{job_id}/stream` until either side ends it."""
    with bind_job(socket.path_params["job_id"]):
        try:
            await socket.accept()
            closing = await _serve(socket, bridge)
            if closing is not None:
                await _close(socket, closing)
        except (WebSocketException, OSError) as error:
            log.debug("client is gone", error=repr(error))


async def _serve(socket: Socket, bridge: Bridge) -> Close | None:
    try:
        job_id, after = _asked_for(socket)
        watch = await bridge.open(job_id, after)
    except InvalidRequestError as error:
        return Close(CloseCode.BAD_REQUEST, error.message)
    except NotFoundError as error:
        return Close(CloseCode.NO_SUCH_JOB, error.message)
    except ServiceUnavailableError as error:
        return Close(CloseCode.GOING_AWAY, error.message)
    now_s = time.monotonic()
    session = Session(after=watch.after, heartbeat_s=bridge.heartbeat_s, now_s=now_s)
    if watch.subscriber is None:
        return Close(CloseCode.DONE, "the job has ended")
    with bridge.hub.watching(watch.subscriber):
        if watch.greeting is not None:
            await _perform(socket, session.greet(watch.greeting, now_s))
        return await _carry(socket, session, watch.subscriber)


async def _carry(socket: Socket, session: Session, subscriber: Subscriber) -> Close | None:
    """Carry frames both ways; returns why to close, or None if the client already did."""
    hearing = asyncio.ensure_future(socket.receive())
    coming = asyncio.ensure_future(subscriber.next())
    try:
        while True:
            timeout_s = max(0.0, session.next_tick_s() - time.monotonic())
            await asyncio.wait(
                {hearing, coming}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            now_s = time.monotonic()
            actions: list[Action] = []
            if hearing.done():
                message = hearing.result()
                if message["type"] != "websocket.receive":
                    return None
                actions += session.received(
                    message.get("text") or message.get("bytes") or "", now_s
                )
                hearing = asyncio.ensure_future(socket.receive())
            if coming.done():
                event, newest = coming.result()
                actions += session.event(
                    event.id, event.type, event.frame, newest=newest, now_s=now_s
                )
                coming = asyncio.ensure_future(subscriber.next())
            actions += session.tick(now_s, datetime.now(UTC))
            if (closing := await _perform(socket, actions)) is not None:
                return closing
    finally:
        hearing.cancel()
        coming.cancel()
        await asyncio.gather(hearing, coming, return_exceptions=True)


async def _perform(socket: Socket, actions: Sequence[Action]) -> Close | None:
    for action in actions:
        match action:
            case Send(frame):
                try:
                    async with asyncio.timeout(STALL_S):
                        await socket.send({"type": "websocket.send", "text": frame, "bytes": None})
                except TimeoutError:
                    return Close(CloseCode.TOO_SLOW, "a frame was not taken for 30 s")
            case Close():
                return action
    return None


async def _close(socket: Socket, closing: Close) -> None:
    reason = closing.reason.encode()[:_MAX_REASON_BYTES].decode("utf-8", "ignore")
    log.debug("closing", code=int(closing.code), reason=reason)
    # A client that takes no frame does not take this one either.
    async with asyncio.timeout(CLOSE_TIMEOUT_S):
        await socket.close(code=int(closing.code), reason=reason)


def _asked_for(socket: Socket) -> tuple[UUID, int | None]:
    """Read the job's id and `after` from the address.

    Raises:
        InvalidRequestError: one of them is not what it should be.
    """
    try:
        job_id = UUID(socket.path_params["job_id"])
    except ValueError as error:
        message = "The job id is not a UUID; use the address from the submission's answer."
        raise InvalidRequestError(message, field="job_id") from error
    after = socket.query_params.get("after")
    if after is None:
        return job_id, None
    if not (after.isascii() and after.isdecimal()) or int(after) > _MAX_AFTER:
        message = "The parameter after is not an event id; leave it out, or send a whole number."
        raise InvalidRequestError(message, field="after")
    return job_id, int(after)
