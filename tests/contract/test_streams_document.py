"""The AsyncAPI document keeps to its standard and to the server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from api.documents.asyncapi import asyncapi_document
from bridge.sse import events
from bridge.websocket import stream
from scorewire.jobs.closing import CloseCode

STANDARD = Path(__file__).parents[2] / "web/node_modules/@asyncapi/specs/schemas" / "3.0.0.json"


@pytest.fixture(scope="module")
def standard() -> jsonschema.Draft7Validator:
    """AsyncAPI's own schema; `make setup web/node_modules/.package-lock.json` fetches it."""
    return jsonschema.Draft7Validator(json.loads(STANDARD.read_text()))


def _references(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        if isinstance(reference := document.get("$ref"), str):
            yield reference
        for value in document.values():
            yield from _references(value)
    elif isinstance(document, list):
        for value in document:
            yield from _references(value)


def _resolve(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def test_the_document_is_asyncapi(standard: jsonschema.Draft7Validator) -> None:
    """[M6] The official schema of AsyncAPI 3.0 accepts it."""
    standard.validate(asyncapi_document())


def test_the_standard_is_not_blind(standard: jsonschema.Draft7Validator) -> None:
    """[M6] The same schema refuses a document with one word misspelt."""
    document = asyncapi_document()
    document["operations"]["sendEvents"]["acton"] = document["operations"]["sendEvents"].pop(
        "action"
    )
    assert not standard.is_valid(document)


def test_every_reference_leads_somewhere() -> None:
    """[M6] No `$ref` of the document dangles."""
    document = asyncapi_document()
    references = set(_references(document))
    assert len(references) > 20
    for reference in references:
        assert _resolve(document, reference), reference


def test_the_channels_are_where_the_bridge_serves_them() -> None:
    """[W1] [S1] The addresses in the document are those of the server's routes."""
    channels = asyncapi_document()["channels"]
    served = {path.replace(":str", "") for path in stream.paths | events.paths}
    assert {channel["address"] for channel in channels.values()} == served


def test_every_close_code_is_told() -> None:
    """[W5] The document says of each close code what the client does."""
    told = asyncapi_document()["channels"]["stream"]["x-close-codes"]
    assert {row["code"]: row["client"] for row in told} == {
        int(code): "reconnect" if code.reconnect else "stop" for code in CloseCode
    }


def test_examples_fit_their_payloads() -> None:
    """[M6] Each message's example is one by the schema beside it."""
    document = asyncapi_document()
    for message in document["components"]["messages"].values():
        schema = {**message["payload"], "components": document["components"]}
        for example in message["examples"]:
            jsonschema.Draft202012Validator(schema).validate(example["payload"])
