"""How long a job will still take, by how long others of its kind took."""

from collections.abc import Sequence
from statistics import median
from typing import Annotated

import msgspec
from msgspec import Meta

_TELLING_SHARE = 0.1
"""Under this share of the way a job's own pace says little about the rest of it."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """How long a job has worked, and will."""

    remaining_s: Annotated[
        float | None,
        Meta(
            description="Seconds of work until the score is there; null where no other job says "
            "so, and where this one has ended.",
        ),
    ]
    elapsed_s: Annotated[
        float | None,
        Meta(description="Seconds that the attempt has worked; null while it is queued."),
    ]


class Past(msgspec.Struct, frozen=True):
    """A job that was completed.

    Attributes:
        duration_s: how long its attempt worked.
        reached_s: after how long it was as far as the job in question is.
    """

    duration_s: float
    reached_s: float


def remaining_s(past: Sequence[Past], *, reached_s: float, elapsed_s: float) -> float | None:
    """Estimate how long a job will still work.

    The others say which share of the time is gone at this point of the work; the job itself, how
    fast it gets on, which depends on its length.

    Args:
        past: jobs of its kind.
        reached_s: after how long the job was as far as it is.
        elapsed_s: how long it has worked by now.
    """
    known = [job for job in past if job.duration_s > 0]
    if not known:
        return None
    share = median(job.reached_s / job.duration_s for job in known)
    if share >= _TELLING_SHARE:
        total_s = reached_s / share
    else:
        total_s = median(job.duration_s for job in known)
    return round(max(total_s - elapsed_s, 0.0), 1)
