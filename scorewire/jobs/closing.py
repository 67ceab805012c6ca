"""WebSocket close codes, and what each asks of the client ([W5])."""

from enum import IntEnum


class CloseCode(IntEnum):
    """Why the server closes a stream."""

    DONE = 1000
    GOING_AWAY = 1001
    MESSAGE_TOO_BIG = 1009
    BAD_REQUEST = 4400
    NOT_AUTHENTICATED = 4401
    NO_SUCH_JOB = 4404
    TOO_SLOW = 4408
    TOO_MANY = 4429

    @property
    def reconnect(self) -> bool:
        """Whether the client should connect again, with `?after=` and a growing delay."""
        return self in {CloseCode.GOING_AWAY, CloseCode.TOO_SLOW, CloseCode.TOO_MANY}
