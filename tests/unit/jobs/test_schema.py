"""The JSON Schema of the messages."""

from typing import Any

import jsonschema
import msgspec
import pytest

from scorewire.errors import ErrorCode
from scorewire.jobs.schema import EXAMPLES, components, message_schema
from scorewire.jobs.stages import Stage


def validator() -> jsonschema.Draft202012Validator:
    """A validator of one message."""
    return jsonschema.Draft202012Validator(
        message_schema(), format_checker=jsonschema.FormatChecker()
    )


def test_the_schema_is_one() -> None:
    """[M6] It keeps to the 2020-12 dialect, which it names."""
    schema = message_schema()
    assert schema["$schema"] == jsonschema.Draft202012Validator.META_SCHEMA["$id"]
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_every_message_fits(example: msgspec.Struct) -> None:
    """[M6] What the server's types encode is what the schema describes."""
    validator().validate(msgspec.json.decode(msgspec.json.encode(example)))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_a_field_more_is_no_fault(example: msgspec.Struct) -> None:
    """[M6] A message of a later version, with a field that is not known yet, still fits."""
    validator().validate(msgspec.to_builtins(example) | {"later": True})


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_a_field_less_is_a_fault(example: msgspec.Struct) -> None:
    """[M6] Every field of every message is promised."""
    wire = msgspec.to_builtins(example)
    for name in wire:
        without = {key: value for key, value in wire.items() if key != name}
        assert not validator().is_valid(without), name


def test_an_unknown_type_does_not_fit() -> None:
    """[M6] Messages are told apart by `type`."""
    assert not validator().is_valid({"type": "else", "timestamp": "2025-01-15T10:30:00Z"})


def test_every_field_is_described() -> None:
    """[M6] Whoever reads the schema alone learns what each field means."""
    schemas = components("#/$defs/{name}")
    silent = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, described in schema.get("properties", {}).items()
        if not _says(described, schemas) and field != "type"
    ]
    assert silent == []
    assert all(schema["description"] for schema in schemas.values())


def test_the_words_stand_in_their_own_order() -> None:
    """[M6] Stages are listed as they run, and codes as docs/errors.md lists them."""
    schemas = components("#/$defs/{name}")
    assert schemas["Stage"]["enum"] == list(Stage)
    assert schemas["ErrorCode"]["enum"] == list(ErrorCode)


def _says(field: dict[str, Any], schemas: dict[str, Any]) -> bool:
    if "$ref" in field:
        field = schemas[field["$ref"].rsplit("/", 1)[-1]]
    return bool(field.get("description"))
