"""Who asks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent a request.

    Attributes:
        subject: the token's `sub`, which owns the jobs it makes and sees no others ([A3]); None
            on an open server ([A1]), where everyone sees every job.
        expires_at_s: when the token ends, in Unix time; None where it was not asked for.
    """

    subject: str | None
    expires_at_s: float | None


ANYONE = Caller(subject=None, expires_at_s=None)
"""Who asks on an open server."""
