"""Code of before goes on working on a newer schema, so an upgrade needs no pause."""

import ast
import asyncio
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from scorewire.store.migrate import SCRIPTS, migrate

ADDING = {"create_table", "create_index", "add_column", "create_check_constraint", "f"}
LOOSENING = {"drop_constraint"}
"""A constraint is dropped, or made again with less to ask: what the life below shows."""

LIFE = [
    "INSERT INTO jobs (id, source, options) VALUES ($1, '{}', '{}')",
    "UPDATE jobs SET status = 'processing', started_at = now(), stage = 'download' WHERE id = $1",
    "INSERT INTO job_events (job_id, seq, attempt, type, body) VALUES ($1, 1, 1, 'progress', '{}')",
    "UPDATE jobs SET status = 'failed', error = '{}', failed_at = now() WHERE id = $1",
    "UPDATE jobs SET status = 'queued', error = NULL, failed_at = NULL, attempt = 2 WHERE id = $1",
    "UPDATE jobs SET status = 'processing', last_seq = 1, progress = 50 WHERE id = $1",
    "UPDATE jobs SET status = 'completed', result = '{}', completed_at = now() WHERE id = $1",
    "DELETE FROM jobs WHERE id = $1",
]
"""What the first version writes in the life of a job: a failure, a retry, a score, the end."""


async def live(url: str) -> None:
    """Let a job live as the first version has it."""
    connection = await asyncpg.connect(url)
    job_id = uuid4()
    for statement in LIFE:
        assert (await connection.execute(statement, job_id)).endswith(" 1"), statement
    await connection.close()


async def test_the_first_version_works_on_the_newest_schema(database_url: str) -> None:
    """Each statement of the first version is taken as before, whatever came after it."""
    await asyncio.to_thread(migrate, database_url, "0001")
    await live(database_url)
    await asyncio.to_thread(migrate, database_url)
    await live(database_url)


@pytest.mark.parametrize(
    "path", sorted((SCRIPTS / "versions").glob("*.py")), ids=lambda path: path.stem
)
def test_migrations_only_add(path: Path) -> None:
    """No upgrade drops or renames what code of before reads, or asks for what it does not write."""
    (upgrade,) = (
        node
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    )
    for call in (node for node in ast.walk(upgrade) if isinstance(node, ast.Call)):
        if not (isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "op"):
            continue
        assert call.func.attr in ADDING | LOOSENING, ast.unparse(call)
        if call.func.attr == "add_column":
            column = call.args[1]
            assert isinstance(column, ast.Call)
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in column.keywords}
            assert given.get("nullable") != "False" or "server_default" in given
