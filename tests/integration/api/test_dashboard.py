"""The dashboard, the alerts and their page speak of figures that are really told."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import yaml
from figures import Figures, figures, reaches
from prometheus_client import CollectorRegistry, generate_latest

from flows.warm.exporting import GpuCollector, RunCollector

ROOT = Path(__file__).parents[3]
_NAME = re.compile(r"\b(?:scorewire|process)_[a-z0-9_]+\b")
_OF_A_SAMPLE = re.compile(r"(_(total|bucket|sum|count|created|info))+$")


def dashboard() -> dict[str, Any]:
    """The dashboard's file."""
    told: dict[str, Any] = json.loads((ROOT / "deploy/grafana/scorewire.json").read_text())
    return told


def rules() -> list[dict[str, Any]]:
    """The alerts."""
    told = yaml.safe_load((ROOT / "deploy/prometheus/scorewire.rules.yml").read_text())
    return [rule for group in told["groups"] for rule in group["rules"]]


async def told(client: httpx.AsyncClient) -> set[str]:
    """The names of all samples and families, of the API and of a worker."""
    await reaches(client, 1, "scorewire_listener_connected")
    worker = CollectorRegistry()
    worker.register(GpuCollector())
    worker.register(RunCollector(lambda: 0))
    every = [await figures(client), Figures(generate_latest(worker).decode())]
    names = {sample.name for one in every for sample in one.samples}
    for family in (family for one in every for family in one.families):
        names |= {family.name, f"{family.name}_total"}
        if family.type == "histogram":
            names |= {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
    return names


async def test_every_figure_of_the_dashboard_is_told(client: httpx.AsyncClient) -> None:
    """A panel whose figure was renamed would stay empty without a word."""
    await client.get("/health/ready")  # 503, as Prefect is out of reach: errors are counted, too
    expressions = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    named = {name for expression in expressions for name in _NAME.findall(expression)}
    assert len(named) > 15
    assert named - await told(client) == set()


async def test_every_figure_of_the_alerts_is_told(client: httpx.AsyncClient) -> None:
    """An alert whose figure was renamed would never come; each says what is the matter."""
    named = {name for rule in rules() for name in _NAME.findall(rule["expr"])}
    assert len(named) >= 6
    assert named - await told(client) == set()
    assert all(rule["annotations"]["summary"] for rule in rules())


async def test_the_page_lists_every_figure_and_alert(client: httpx.AsyncClient) -> None:
    """docs/observability.md has all of ours, and no others."""
    page = (ROOT / "docs" / "observability.md").read_text()
    await client.get("/health/ready")  # 503, as Prefect is out of reach: errors are counted, too
    listed = set(re.findall(r"^\| `(scorewire_[a-z_]+)", page, re.MULTILINE))
    ours = {name for name in await told(client) if name.startswith("scorewire_")}
    assert listed - ours == set()
    families = {_OF_A_SAMPLE.sub("", name) for name in ours}
    assert families - {_OF_A_SAMPLE.sub("", name) for name in listed} == set()
    assert {rule["alert"] for rule in rules()} == set(
        re.findall(r"^\| `(Scorewire\w+)`", page, re.MULTILINE)
    )


def test_panels_do_not_overlap() -> None:
    """Each has a place of its own, within Grafana's 24 columns."""
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken
        assert all(x < 24 for x, _ in cells)
        taken |= cells
