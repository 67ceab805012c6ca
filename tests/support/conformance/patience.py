"""How long a server waits for a client that does not take its part, or takes more than that."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """Times that are no settings, but part of the contract.

    Attributes:
        grace_s: what a silent client has beyond two intervals ([M4]).
        stall_s: how long a terminal event may wait to be taken ([W3]).
        window_s: the time within which new streams are counted ([W7]).
    """

    grace_s: float
    stall_s: float
    window_s: float


PUBLISHED = Patience(grace_s=15.0, stall_s=30.0, window_s=60.0)
SHORTENED = Patience(grace_s=1.0, stall_s=2.0, window_s=2.0)
