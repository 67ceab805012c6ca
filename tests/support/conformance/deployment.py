"""A running Scorewire, as anyone knows it who may use it."""

import time
from dataclasses import dataclass

import jwt

SUBJECT = "conformance"
STRANGER = "conformance-stranger"
TOKEN_LIFE_S = 3600


@dataclass(frozen=True)
class Deployment:
    """Where a deployment is, and what it was told by its settings.

    Attributes:
        base_url: its address.
        token: what the suite shows it; None for an open one.
        stranger_token: a token of another `sub`; None where there is none.
        secret: signs tokens (HS256); None where the suite may not know it.
        heartbeat_s: its SCOREWIRE_HEARTBEAT_S.
        connections_per_minute: its SCOREWIRE_CONNECTIONS_PER_MINUTE.
        scripted: whether a worker of the suite plays its jobs by their titles.
    """

    base_url: str
    token: str | None = None
    stranger_token: str | None = None
    secret: str | None = None
    heartbeat_s: float = 30.0
    connections_per_minute: int = 10
    scripted: bool = False

    @property
    def ws_url(self) -> str:
        """The address, for WebSockets."""
        return self.base_url.replace("http", "ws", 1)

    @property
    def guarded(self) -> bool:
        """Whether it asks for a token."""
        return self.token is not None


def guarded_by(secret: str, base_url: str, **known: float) -> Deployment:
    """Describe a deployment whose secret the suite knows."""
    return Deployment(
        base_url,
        token=signed(secret, sub=SUBJECT),
        stranger_token=signed(secret, sub=STRANGER),
        secret=secret,
        **known,
    )


def signed(secret: str, *, algorithm: str = "HS256", life_s: float | None = None, **claims) -> str:
    """Sign a token with an end, unless `exp=None` leaves it out."""
    claims.setdefault("exp", int(time.time() + (TOKEN_LIFE_S if life_s is None else life_s)))
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(present, secret, algorithm=algorithm)
