"""The published pages say what the code does, and a client of the seed protocol is served."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from scorewire.errors import ErrorCode, ScorewireError
from scorewire.http.problems import HTTP_STATUS
from scorewire.jobs.closing import CloseCode
from scorewire.jobs.job import Job, JobStatus
from scorewire.jobs.messages import Completed, EventMessage, Failed, Pong, Progress
from scorewire.jobs.schema import EXAMPLES
from scorewire.jobs.stages import Stage

DOCS = Path(__file__).parents[2] / "docs"
JOB_ID = "550e8400-e29b-41d4-a716-446655440000"

CLAUSES = [
    f"{letter}{number}"
    for letter, last in {"J": 6, "M": 6, "W": 7, "S": 1, "P": 1, "R": 4, "A": 3}.items()
    for number in range(1, last + 1)
]

SEED_FIELDS: dict[type[msgspec.Struct], dict[str, type | tuple[type, ...]]] = {
    Progress: {"job_id": str, "progress": int, "stage": str, "message": str, "timestamp": str},
    Completed: {
        "job_id": str,
        "progress": int,
        "result_url": str,
        "duration_seconds": (int, float),
        "timestamp": str,
    },
    Failed: {"job_id": str, "error": dict, "timestamp": str},
}
"""What the seed's client reads of each message, and as which JSON type."""


def _page(name: str) -> str:
    return (DOCS / name).read_text()


def _rows(page: str) -> list[list[str]]:
    lines = [line for line in page.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _examples(page: str) -> list[dict[str, Any]]:
    blocks = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    decoder = json.JSONDecoder()
    examples = []
    for block in blocks:
        rest = block.strip()
        while rest:
            example, end = decoder.raw_decode(rest)
            examples.append(example)
            rest = rest[end:].strip()
    return examples


def _leaves(of: type[ScorewireError]) -> list[type[ScorewireError]]:
    """List the errors that are raised: the tree's inner nodes only group them."""
    below = [leaf for kind in of.__subclasses__() for leaf in _leaves(kind)]
    return below or [of]


def test_every_error_code_is_documented() -> None:
    """[J5] [R3] errors.md has each code once, with its HTTP status."""
    rows = [row for row in _rows(_page("errors.md")) if row[0].startswith("`")]
    documented = [(row[0].strip("`"), int(row[1])) for row in rows]
    assert documented == [(code.value, HTTP_STATUS[code]) for code in ErrorCode]


@pytest.mark.parametrize("kind", _leaves(ScorewireError))
def test_retryable_is_documented(kind: type[ScorewireError]) -> None:
    """[J5] errors.md tells of each error whether a retry may help."""
    retry = {row[0].strip("`"): row[2] for row in _rows(_page("errors.md"))}
    assert retry[kind.code.value] == ("yes" if kind.retryable else "no")


def test_every_close_code_is_documented() -> None:
    """[W5] protocol.md says what each close code means, and whether to reconnect or to stop."""
    rows = [row for row in _rows(_page("protocol.md")) if row[0].isdigit()]
    documented = {int(code): (meaning, client) for code, meaning, client in rows}
    assert documented == {
        int(code): (code.meaning, "reconnect" if code.reconnect else "stop") for code in CloseCode
    }


def test_the_examples_are_messages() -> None:
    """[M1] [M4] The page shows each message once: the examples of the schema, word for word."""
    examples = [example for example in _examples(_page("protocol.md")) if "type" in example]
    assert examples == [msgspec.to_builtins(example) for example in EXAMPLES]


@pytest.mark.parametrize("clause", CLAUSES)
def test_every_clause_is_on_the_page(clause: str) -> None:
    """[R4] Whoever reads protocol.md finds each clause that the tests name, in bold."""
    assert f"**[{clause}]**" in _page("protocol.md")


def test_the_page_has_no_other_clauses() -> None:
    """[R4] The list of clauses in this test is all of them."""
    assert set(re.findall(r"\*\*\[(\w+)\]\*\*", _page("protocol.md"))) == set(CLAUSES)


def test_the_polling_view_is_documented() -> None:
    """[P1] [J1] The page names each field, status and stage."""
    page = _page("protocol.md")
    words = [*Job.__struct_fields__, *JobStatus, *Stage]
    assert [word for word in words if f"`{word}`" not in page] == []


def test_a_client_of_the_seed_finds_its_fields() -> None:
    """[M1] Each event has the fields that the seed promises, as the JSON types it promises."""
    examples = _examples(_page("protocol.md"))
    events = [
        msgspec.convert(example, EventMessage, strict=False)
        for example in examples
        if example.get("type") in {"progress", "completed", "error"}
    ]
    for event in events:
        wire = json.loads(msgspec.json.encode(event))
        for name, kind in SEED_FIELDS[type(event)].items():
            assert isinstance(wire[name], kind), (wire["type"], name)
    assert {type(event) for event in events} == set(SEED_FIELDS)


def test_the_seeds_pong_is_understood() -> None:
    """[M4] The answer that the seed's hook sends, milliseconds and all."""
    pong = b'{"type":"pong","timestamp":"2025-01-15T10:30:00.123Z"}'
    assert msgspec.json.decode(pong, type=Pong).timestamp.microsecond == 123_000
