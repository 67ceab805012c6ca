"""Reads `/metrics` as Prometheus does."""

import asyncio

import httpx
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

REACHED_S = 15.0


class Figures:
    """What was told at one moment.

    Args:
        text: in Prometheus's text format.
    """

    def __init__(self, text: str) -> None:
        self.families: list[Metric] = list(text_string_to_metric_families(text))
        self.samples = [sample for family in self.families for sample in family.samples]

    def value(self, name: str, **labels: str) -> float:
        """A sample's value; 0 where it is not there."""
        found = (one.value for one in self.samples if (one.name, one.labels) == (name, labels))
        return next(found, 0.0)

    def labels(self, name: str, label: str) -> set[str]:
        """The values of a label."""
        return {sample.labels[label] for sample in self.samples if sample.name == name}


async def figures(client: httpx.AsyncClient) -> Figures:
    """All that a service tells."""
    answer = await client.get("/metrics")
    assert answer.status_code == 200, answer.text
    return Figures(answer.text)


async def reaches(client: httpx.AsyncClient, expected: float, name: str, **labels: str) -> Figures:
    """Wait until a sample has a value, and return all that was told then."""
    async with asyncio.timeout(REACHED_S):
        while True:
            told = await figures(client)
            if told.value(name, **labels) == expected:
                return told
            await asyncio.sleep(0.05)
