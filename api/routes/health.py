"""Whether the service lives, and whether it can work."""

import asyncio
from collections.abc import Awaitable

from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec

from api.schemas import Liveness, Readiness
from api.services import Services
from scorewire.errors import ServiceUnavailableError
from scorewire.store.engine import ping


@get("/health/live", security=[{}], tags=["health"], summary="The process answers")
async def live() -> Liveness:
    """Answer as long as the event loop turns."""
    return Liveness()


@get(
    "/health/ready",
    responses={503: ResponseSpec(Readiness, description="A part is away", generate_examples=False)},
    security=[{}],
    tags=["health"],
    summary="The service can work",
)
async def ready(services: Services) -> Response[Readiness]:
    """Ask the database, the event listener and Prefect; 503 if any of them is away."""
    database, prefect = await asyncio.gather(
        _answers(ping(services.engine)), _answers(services.launcher.check())
    )
    listener = services.listening()
    everything = database and listener and prefect
    readiness = Readiness(ready=everything, database=database, listener=listener, prefect=prefect)
    return Response(readiness, status_code=200 if everything else 503)


async def _answers(check: Awaitable[None]) -> bool:
    try:
        await check
    except ServiceUnavailableError:
        return False
    return True
