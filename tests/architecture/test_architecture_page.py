"""docs/architecture.md and the import contracts say the same."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def contracts() -> list[dict[str, object]]:
    """The import-linter contracts of pyproject.toml."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, object]] = settings["tool"]["importlinter"]["contracts"]
    return found


def test_the_page_states_every_contract_by_name():
    """A rule that is checked is also written down, in the same words."""
    page = (ROOT / "docs/architecture.md").read_text()
    assert [c["name"] for c in contracts() if str(c["name"]) not in page] == []


def test_the_page_draws_the_layers_as_they_are_checked():
    """The layers in the page are the linter's, line for line."""
    page = (ROOT / "docs/architecture.md").read_text()
    layered = [c for c in contracts() if c["type"] == "layers"]
    assert len(layered) == 2
    for contract in layered:
        layers = contract["layers"]
        assert isinstance(layers, list)
        assert "\n".join(layers) in page
