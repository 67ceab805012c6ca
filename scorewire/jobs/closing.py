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
    def meaning(self) -> str:
        """Say why in one sentence; docs/protocol.md has the same words."""
        return _MEANINGS[self]

    @property
    def reconnect(self) -> bool:
        """Whether the client should connect again, with `?after=` and a growing delay."""
        return self in {CloseCode.GOING_AWAY, CloseCode.TOO_SLOW, CloseCode.TOO_MANY}


_MEANINGS = {
    CloseCode.DONE: "The job has ended.",
    CloseCode.GOING_AWAY: "The server goes away, or cannot reach its database.",
    CloseCode.MESSAGE_TOO_BIG: "A message of more than 16 KiB.",
    CloseCode.BAD_REQUEST: "`job_id` or `after` is not what it should be.",
    CloseCode.NOT_AUTHENTICATED: "No token, or one that does not count or has expired.",
    CloseCode.NO_SUCH_JOB: "There is no such job, or it is not yours.",
    CloseCode.TOO_SLOW: "Too slow, or silent.",
    CloseCode.TOO_MANY: "Too many messages within a second.",
}
