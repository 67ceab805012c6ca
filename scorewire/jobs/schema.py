"""The messages as a JSON Schema and as examples, both made from the types ([M6])."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from scorewire.errors import ErrorCode
from scorewire.jobs.messages import (
    Completed,
    ErrorDetail,
    Failed,
    Heartbeat,
    Pong,
    Progress,
    ServerMessage,
)
from scorewire.jobs.stages import Stage

JOB_ID = UUID("550e8400-e29b-41d4-a716-446655440000")
_BEGIN = datetime(2025, 1, 15, 10, 30, tzinfo=UTC)

EXAMPLES = (
    Progress(
        job_id=JOB_ID,
        id=7,
        attempt=1,
        progress=45,
        stage=Stage.SEPARATION,
        message="Separated 4 of 9 segments",
        timestamp=_BEGIN + timedelta(seconds=45, milliseconds=120),
    ),
    Completed(
        job_id=JOB_ID,
        id=12,
        attempt=1,
        progress=100,
        result_url=f"/api/v1/scores/{JOB_ID}",
        duration_seconds=125.4,
        timestamp=_BEGIN + timedelta(seconds=135, milliseconds=2),
    ),
    Failed(
        job_id=JOB_ID,
        id=12,
        attempt=1,
        error=ErrorDetail(
            message="The GPU ran out of memory; try a shorter section.",
            retryable=True,
            stage=Stage.SEPARATION,
            code=ErrorCode.OUT_OF_MEMORY,
        ),
        timestamp=_BEGIN + timedelta(seconds=60, milliseconds=250),
    ),
    Heartbeat(timestamp=_BEGIN),
    Pong(timestamp=_BEGIN),
)
"""One of each message; docs/protocol.md shows the same."""


def components(ref_template: str) -> dict[str, dict[str, Any]]:
    """Describe each message, and what it is made of.

    Args:
        ref_template: how one refers to another, with `{name}` in it.

    Returns:
        JSON Schemas by name, each message with its example.
    """
    _, schemas = msgspec.json.schema_components([ServerMessage, Pong], ref_template=ref_template)
    for words in (Stage, ErrorCode):  # msgspec sorts them by the alphabet
        schemas[words.__name__]["enum"] = [word.value for word in words]
    for example in EXAMPLES:
        schemas[type(example).__name__]["examples"] = [msgspec.to_builtins(example)]
    return schemas


def message_schema() -> dict[str, Any]:
    """Describe everything that is sent over a stream: JSON Schema 2020-12.

    A document is one message of either side; `ServerMessage` under `$defs` is what a client reads.
    """
    (server, pong), _ = msgspec.json.schema_components(
        [ServerMessage, Pong], ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:scorewire:schema:messages",
        "title": "Message",
        "description": "A message of a job's stream, told apart by `type`. Types, fields and codes "
        "may be added and are never taken away: ignore what you do not know.",
        "oneOf": [{"$ref": "#/$defs/ServerMessage"}, pong],
        "$defs": {
            "ServerMessage": {
                "title": "ServerMessage",
                "description": "What the server sends. The first three are events of the job.",
                "oneOf": server.pop("anyOf"),
                **server,
            },
            **components("#/$defs/{name}"),
        },
    }
