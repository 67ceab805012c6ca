"""The streams as an AsyncAPI document, made from the types that the server sends.

Written from the server's side, as AsyncAPI has it: what the server *sends*, a client receives.
"""

from importlib import metadata
from typing import Any

import msgspec

from scorewire.jobs.closing import CloseCode
from scorewire.jobs.messages import Completed, Failed, Heartbeat, Pong, Progress
from scorewire.jobs.schema import EXAMPLES, components

STREAM_ADDRESS = "/api/v1/jobs/{job_id}/stream"
EVENTS_ADDRESS = "/api/v1/jobs/{job_id}/events"

_EVENTS = (Progress, Completed, Failed)
_MESSAGES = (*_EVENTS, Heartbeat, Pong)

_ABOUT = """How a job is watched. The job's history is a list of events, numbered from 1; a client
that names the last one it has seen gets exactly the rest. Types, fields and codes may be added and
are never taken away: ignore what you do not know.

A server that asks for no token takes the streams without one."""

_STREAM = """One JSON message a text frame, of at most 16 KiB from the client. On connect the server
says at once where the job stands; after the terminal event it closes with 1000. After 30 s of
silence it sends a heartbeat, and a client that does not answer with a pong is closed with 4408
after two such intervals and 15 s.

A connection that breaks without a code of the list is to be opened again, after a growing, random
delay and with `after`. Before the upgrade the server may refuse with a problem document: 429 with
`Retry-After` where a client opens too many streams, 403 where a page of a foreign site asks."""

_SSE = """The same events as Server-Sent Events: `id` is the event's `id`, `event` its `type`,
`data` the message as JSON. A comment line is the heartbeat. The stream ends after the terminal
event; a reconnect that has nothing left to send is answered with 204, on which an event source
stops."""

_AFTER = {
    "type": "integer",
    "minimum": 0,
    "description": "The `id` of the last event seen: everything after it is sent, in order. "
    "Without it the newest event is sent first.",
}
_TOKEN = {
    "type": "string",
    "description": "A JWT, where the server asks for one and no header can be sent.",
}


def asyncapi_document() -> dict[str, Any]:
    """Describe both streams: AsyncAPI 3.0."""
    messages = {kind.__name__: _message(kind) for kind in _MESSAGES}
    return {
        "asyncapi": "3.0.0",
        "id": "urn:scorewire:streams",
        "info": {
            "title": "Scorewire streams",
            "version": metadata.version("scorewire"),
            "description": _ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"websocket": _server("ws"), "http": _server("http")},
        "channels": {
            "stream": {
                "address": STREAM_ADDRESS,
                "title": "WebSocket",
                "description": _STREAM,
                "servers": [{"$ref": "#/servers/websocket"}],
                "parameters": {"job_id": {"$ref": "#/components/parameters/job_id"}},
                "messages": _references(_MESSAGES),
                "bindings": {
                    "ws": {"method": "GET", "query": _query({"after": _AFTER, "token": _TOKEN})}
                },
                "x-close-codes": [
                    {
                        "code": code.value,
                        "meaning": code.meaning,
                        "client": "reconnect" if code.reconnect else "stop",
                    }
                    for code in CloseCode
                ],
            },
            "events": {
                "address": EVENTS_ADDRESS,
                "title": "Server-Sent Events",
                "description": _SSE,
                "servers": [{"$ref": "#/servers/http"}],
                "parameters": {"job_id": {"$ref": "#/components/parameters/job_id"}},
                "messages": _references(_EVENTS),
            },
        },
        "operations": {
            "sendMessages": {
                "action": "send",
                "channel": {"$ref": "#/channels/stream"},
                "summary": "The job's events in order, and heartbeats.",
                "messages": _of_channel("stream", (*_EVENTS, Heartbeat)),
            },
            "receivePong": {
                "action": "receive",
                "channel": {"$ref": "#/channels/stream"},
                "summary": "The answer to a heartbeat; any other message is ignored. More than "
                "20 messages within a second close the connection with 4429.",
                "messages": _of_channel("stream", (Pong,)),
            },
            "sendEvents": {
                "action": "send",
                "channel": {"$ref": "#/channels/events"},
                "summary": "The job's events in order.",
                "messages": _of_channel("events", _EVENTS),
                "bindings": {
                    "http": {"method": "GET", "query": _query({"after": _AFTER, "token": _TOKEN})}
                },
                "x-request-headers": {
                    "Last-Event-ID": "Like `after`; an event source sends it by itself when it "
                    "reconnects, and it goes before `after`."
                },
            },
        },
        "components": {
            "schemas": components("#/components/schemas/{name}"),
            "messages": messages,
            "parameters": {
                "job_id": {
                    "description": "The job's id, a UUID, from the answer to its submission.",
                    "examples": [str(EXAMPLES[0].job_id)],
                }
            },
            "securitySchemes": {
                "header": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "`Authorization: Bearer <token>`.",
                },
                "query": {
                    "type": "httpApiKey",
                    "in": "query",
                    "name": "token",
                    "description": "`?token=<token>`, for clients that can send no header.",
                },
                "subprotocol": {
                    "type": "httpApiKey",
                    "in": "header",
                    "name": "Sec-WebSocket-Protocol",
                    "description": "The subprotocol `bearer.<token>` beside `scorewire.v1`: "
                    '`new WebSocket(url, ["scorewire.v1", "bearer." + token])`.',
                },
            },
        },
    }


def _server(protocol: str) -> dict[str, Any]:
    ways = ["header", "query", *(["subprotocol"] if protocol == "ws" else [])]
    return {
        "host": "{host}",
        "protocol": protocol,
        "description": "The same address as the REST API's; over TLS where that is.",
        "variables": {
            "host": {"default": "127.0.0.1:8000", "description": "Where Scorewire listens."}
        },
        "security": [{"$ref": f"#/components/securitySchemes/{way}"} for way in ways],
    }


def _message(kind: type[msgspec.Struct]) -> dict[str, Any]:
    example = next(example for example in EXAMPLES if isinstance(example, kind))
    wire = msgspec.to_builtins(example)
    return {
        "name": wire["type"],
        "title": kind.__name__,
        "summary": (kind.__doc__ or "").strip(),
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
        "examples": [{"payload": wire}],
    }


def _query(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _references(kinds: tuple[type[msgspec.Struct], ...]) -> dict[str, Any]:
    return {kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"} for kind in kinds}


def _of_channel(channel: str, kinds: tuple[type[msgspec.Struct], ...]) -> list[dict[str, str]]:
    return [{"$ref": f"#/channels/{channel}/messages/{kind.__name__}"} for kind in kinds]
