"""docker-compose.yml as its own reader takes it: variables filled in, services in their order."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from dotenv import dotenv_values

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """One service, as the file has it.

    Attributes:
        name: also the host name that others reach it by.
        told: everything below its name.
    """

    name: str
    told: Mapping[str, Any]

    @property
    def command(self) -> list[str]:
        """What it runs."""
        return list(self.told["command"])

    @property
    def environment(self) -> dict[str, str]:
        """What its environment adds to the image's."""
        return {name: str(value) for name, value in self.told.get("environment", {}).items()}

    @property
    def needs(self) -> dict[str, str]:
        """The services it waits for, and what it waits for them to be."""
        return {name: need["condition"] for name, need in self.told.get("depends_on", {}).items()}

    @property
    def mounts(self) -> dict[str, str]:
        """Volume or file of the repository, by its place in the container."""
        parts = (volume.split(":") for volume in self.told.get("volumes", []))
        return {place: source for source, place, *_ in parts}

    @property
    def health_command(self) -> list[str] | None:
        """What says whether it is healthy; None where nothing does."""
        check = self.told.get("healthcheck", {})
        if "test" not in check:
            return None
        kind, *command = check["test"]
        assert kind == "CMD", f"{self.name}: a shell is not needed for a health check"
        return command

    @property
    def grace_s(self) -> float:
        """How long it may take to stop."""
        return float(self.told.get("stop_grace_period", "10s").removesuffix("s"))


def read_compose(**settings: str) -> dict[str, Any]:
    """The file with its variables filled in, from `.env.example` and then `settings`."""
    values = {**dotenv_values(ROOT / ".env.example"), **settings}
    filled: dict[str, Any] = yaml.safe_load(_fill(FILE.read_text(), values))
    return filled


def services(document: Mapping[str, Any], profile: str) -> dict[str, Service]:
    """The services that run with a profile."""
    return {
        name: Service(name, told)
        for name, told in document["services"].items()
        if profile in told.get("profiles", [profile])
    }


def _fill(text: str, values: Mapping[str, str | None]) -> str:
    return _VARIABLE.sub(lambda found: values.get(found[1]) or found[2] or "", text)
