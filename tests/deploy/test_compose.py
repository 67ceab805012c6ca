"""docker-compose.yml says what Compose understands, and what the rest of the project says."""

import json
import re
from pathlib import Path

import pytest
from compose import FILE, ROOT, read_compose, services
from jsonschema import Draft7Validator

from scorewire.settings import Settings
from scorewire.stack.config import StackConfig, StackUrls
from scorewire.stack.environment import service_environment

SCHEMA = ROOT / "web" / "node_modules" / "dclint" / "schemas" / "compose.schema.json"
OF_ONE_MACHINE = {
    "PREFECT_HOME",
    "PREFECT_API_URL",
    "PREFECT_API_AUTH_STRING",
    "PREFECT_SERVER_API_AUTH_STRING",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
}
"""What `scorewire up` decides for itself."""


def test_it_follows_the_compose_specification() -> None:
    """The specification's own schema finds no fault; dclint's package carries it."""
    validator = Draft7Validator(json.loads(SCHEMA.read_text()))
    assert [error.message for error in validator.iter_errors(read_compose())] == []
    assert list(validator.iter_errors({"services": {"api": {"commands": []}}})) != []


def test_every_variable_has_a_default_or_is_explained() -> None:
    """Without a value in `.env`, a variable without a default would be an empty word."""
    explained = (ROOT / ".env.example").read_text()
    for name, default in re.findall(r"\$\{(\w+)(:-)?", FILE.read_text()):
        assert default or f"\n{name}=" in explained, name


@pytest.mark.parametrize("profile", ["gpu", "cpu"])
def test_services_are_made_to_last(profile: str) -> None:
    """Each comes back by itself, is looked after, and keeps its logs short; one-shots end."""
    for service in services(read_compose(), profile).values():
        assert service.told["logging"]["options"]["max-size"]
        if service.told["restart"] == "no":
            continue
        assert service.told["restart"] == "unless-stopped"
        assert service.health_command is not None
        assert service.told["stop_grace_period"]


def test_only_the_proxy_is_published_to_others() -> None:
    """Every other port stays on loopback or is not published at all."""
    published = {
        service.name: service.told["ports"]
        for service in services(read_compose(SCOREWIRE_HTTP="80"), "gpu").values()
        if "ports" in service.told
    }
    assert set(published) == {"proxy", "prefect"}
    assert all(port.startswith("127.0.0.1:") for port in published["prefect"])


def test_no_secret_stands_in_it() -> None:
    """Passwords and keys come from files that git ignores."""
    document = read_compose()
    for service in document["services"].values():
        for name, value in service.get("environment", {}).items():
            assert not re.search(r"PASSWORD$|SECRET$|AUTH_STRING$", name), name
            assert not re.search(r"://[^/@]*:[^/@]*@", str(value)), name
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/secrets/", "/.env"} <= set(ignored)


def test_prefect_is_told_what_scorewire_up_tells_it() -> None:
    """The two ways of running it differ in addresses and secrets alone."""
    urls = StackUrls(*["http://127.0.0.1:1"] * 3, *["postgresql://h/d"] * 2, prefect_auth="a:b")
    up = service_environment(StackConfig(Path("/data"), worker="warm"), urls)
    expected = {
        name: value
        for name, value in up.items()
        if name.startswith(("PREFECT_", "DO_NOT_TRACK")) and name not in OF_ONE_MACHINE
    }
    compose = services(read_compose(), "gpu")
    server, worker = compose["prefect"].environment, compose["worker-gpu"].environment
    assert {name: (server | worker).get(name) for name in expected} == expected


@pytest.mark.parametrize("profile", ["gpu", "cpu"])
def test_settings_are_spelt_right(profile: str) -> None:
    """A setting that does not exist would be ignored without a word."""
    known = {f"SCOREWIRE_{name.upper()}" for name in Settings.model_fields} | {"SCOREWIRE_SITE"}
    for service in services(read_compose(), profile).values():
        names = {n.removesuffix("_FILE") for n in service.environment if n.startswith("SCOREWIRE_")}
        assert names <= known, service.name


def test_only_files_of_known_secrets_are_read() -> None:
    """Each `…_FILE` in it is a name that the entry point knows."""
    script = (ROOT / "deploy" / "with-secrets.sh").read_text()
    for service in services(read_compose(), "gpu").values():
        if "build" in service.told:
            for name in service.environment:
                assert not name.endswith("_FILE") or name.removesuffix("_FILE") in script.split()
