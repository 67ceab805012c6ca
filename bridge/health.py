"""Whether a bridge that stands alone lives, and whether it can work."""

import msgspec
from litestar import Response, get

from bridge.watch import Bridge
from scorewire.errors import ServiceUnavailableError
from scorewire.store.engine import ping


class Liveness(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str = "ok"


class Readiness(msgspec.Struct, frozen=True):
    """Whether this process can serve watchers, and which part keeps it from it."""

    ready: bool
    database: bool
    listener: bool


@get("/health/live")
async def live() -> Liveness:
    """Answer as long as the event loop turns."""
    return Liveness()


@get("/health/ready")
async def ready(bridge: Bridge) -> Response[Readiness]:
    """Ask the database and the listener; 503 if one of them is away."""
    try:
        await ping(bridge.engine)
    except ServiceUnavailableError:
        database = False
    else:
        database = True
    everything = database and bridge.listening()
    readiness = Readiness(ready=everything, database=database, listener=bridge.listening())
    return Response(readiness, status_code=200 if everything else 503)
