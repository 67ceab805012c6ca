"""What is published and generated is what the code says today."""

import subprocess
import sys
from pathlib import Path

import pytest

from scorewire.stack.npm import node_command

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
GENERATED = (
    "docs/wire/messages.schema.json",
    "docs/wire/asyncapi.json",
    "docs/wire/openapi.json",
    "web/src/wire/messages.ts",
    "web/src/wire/api.ts",
)
TSC = ("--noEmit", "--strict", "--target", "es2022", "--module", "esnext")


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything as it is generated now."""
    folder = tmp_path_factory.mktemp("generated")
    command = [sys.executable, WEB / "wire.py", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", GENERATED)
def test_the_code_generates_what_is_published(generated: Path, name: str) -> None:
    """[M6] [R4] A change of the wire is published with it: run `make wire`."""
    assert (generated / name).read_text() == (ROOT / name).read_text(), "run make wire"


def test_nothing_else_is_generated(generated: Path) -> None:
    """[M6] Every generated file is compared."""
    found = {str(path.relative_to(generated)) for path in generated.rglob("*") if path.is_file()}
    assert found == set(GENERATED)


def tsc(*files: Path) -> str:
    """What the TypeScript compiler has against some files."""
    command = [node_command(), WEB / "node_modules/typescript/bin/tsc", *TSC, *files]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_a_switch_over_the_type_tells_messages_apart() -> None:
    """[M6] In a switch over `type` TypeScript knows each message, and that there is no other."""
    wire = WEB / "src" / "wire"
    assert tsc(wire / "narrowing.ts", wire / "api.ts") == ""


def test_a_forgotten_message_does_not_compile(tmp_path: Path) -> None:
    """[M6] Guard of the test above: with one case less the same file is refused."""
    wire = WEB / "src" / "wire"
    (tmp_path / "messages.ts").write_text((wire / "messages.ts").read_text())
    source = (wire / "narrowing.ts").read_text()
    case = '    case "completed":\n      return message satisfies Completed;\n'
    assert case in source
    (tmp_path / "narrowing.ts").write_text(source.replace(case, ""))
    assert "does not satisfy" in tsc(tmp_path / "narrowing.ts")
