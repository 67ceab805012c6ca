"""The suite itself: no clause without a test, and a table that tells the truth."""

import ast
from pathlib import Path

import pytest
from conformance.clauses import CLAUSES, clauses_of, verdicts
from conformance.event_stream import Block, blocks

HERE = Path(__file__).parent


def _named() -> set[str]:
    """The clauses that the docstrings of this folder's tests name."""
    functions = [
        node
        for path in HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    ]
    return {clause for node in functions for clause in clauses_of(ast.get_docstring(node))}


def test_every_clause_has_a_test() -> None:
    """Each clause of docs/protocol.md is proven by at least one test of the suite."""
    page = (HERE.parents[2] / "docs" / "protocol.md").read_text()
    assert [clause for clause in CLAUSES if f"**[{clause}]**" not in page] == []
    assert _named() == set(CLAUSES)


def test_the_table_names_the_worst_that_happened() -> None:
    """A clause with one failed test has failed; one that was only skipped is not proven."""
    outcomes = [("W1", "passed"), ("W1", "failed"), ("W2", "passed"), ("W3", "skipped")]
    table = dict(verdicts([*outcomes, ("W4", "skipped"), ("W4", "passed")]))
    words = {clause: verdict.split()[0] for clause, verdict in table.items()}
    assert (words["W1"], words["W2"], words["W3"], words["W4"]) == (
        "failed", "passed", "skipped", "passed",
    )  # fmt: skip
    assert table["W5"] == "not run"
    assert list(table) == CLAUSES


async def _read(*chunks: bytes) -> list[Block]:
    async def source():
        for chunk in chunks:
            yield chunk

    return [block async for block in blocks(source())]


async def test_an_event_stream_is_read_in_any_pieces() -> None:
    """[S1] Wherever the network cuts the bytes, the blocks are the same."""
    stream = 'retry: 2000\n\n: heartbeat\n\nid: 1\nevent: progress\ndata: {"a": "♪"}\n\n'.encode()
    whole = await _read(stream)
    assert await _read(*(stream[i : i + 1] for i in range(len(stream)))) == whole
    assert [block.retry for block in whole] == ["2000", None, None]
    assert [block.comments for block in whole] == [[], ["heartbeat"], []]
    assert (whole[2].id, whole[2].event, whole[2].message) == ("1", "progress", {"a": "♪"})


@pytest.mark.parametrize(
    "stream",
    [
        b"id: 1\n",
        b"id: 1\nid: 2\n\n",
        b"id:1\n\n",
        b"colour: red\n\n",
        b"data: x\r\n\n",
        b"retry: x\n\n",
    ],
)
async def test_a_sloppy_event_stream_is_refused(stream: bytes) -> None:
    """[S1] What a browser would forgive is an error here."""
    with pytest.raises(ValueError, match=r"stream|field|retry"):
        await _read(stream)
