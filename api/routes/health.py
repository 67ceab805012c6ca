"""Whether the service lives, and whether it can work."""

import asyncio
from collections.abc import Awaitable

from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec

from api.schemas import Liveness, Readiness
from api.services import Services
from scorewire.errors import ServiceUnavailableError
from scorewire.store.engine import ping

PROBE = "health/probe"
"""The blob that is written to see whether the storage can be; one for all, and never in the way."""


@get("/health/live", security=[{}], tags=["health"], summary="The process answers")
async def live() -> Liveness:
    """Answer as long as the event loop turns."""
    return Liveness()


@get("/health/serving", security=[{}], tags=["health"], summary="This process can serve")
async def serving(services: Services) -> Liveness:
    """Ask the database and the event listener; 503 if one is away.

    For load balancers: what else may be away is away for every process alike, and none of them
    would be left to show the scores and jobs that are there.
    """
    await ping(services.engine)
    if not services.listening():
        message = "No events come from the database at the moment; try again shortly."
        raise ServiceUnavailableError(message)
    return Liveness()


@get(
    "/health/ready",
    responses={503: ResponseSpec(Readiness, description="A part is away", generate_examples=False)},
    security=[{}],
    tags=["health"],
    summary="The service can work",
)
async def ready(services: Services) -> Response[Readiness]:
    """Ask the database, the event listener, Prefect and the storage; 503 if any of them is away."""
    database, prefect, storage, worker = await asyncio.gather(
        _answers(ping(services.engine)),
        _answers(services.launcher.check()),
        _answers(asyncio.to_thread(services.blobs.put_bytes, PROBE, b"")),
        services.launcher.has_worker(),
    )
    listener = services.listening()
    everything = database and listener and prefect and storage
    readiness = Readiness(
        ready=everything,
        database=database,
        listener=listener,
        prefect=prefect,
        storage=storage,
        worker=worker,
    )
    return Response(readiness, status_code=200 if everything else 503)


async def _answers(check: Awaitable[None]) -> bool:
    try:
        await check
    except ServiceUnavailableError:
        return False
    return True
