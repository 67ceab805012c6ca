"""deploy/kubernetes: valid for the API server, and of one mind with docker-compose.yml."""

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from compose import ROOT, read_compose, services
from kustomize import Resource, build, containers_of

OVERLAYS = ROOT / "deploy" / "kubernetes" / "overlays"
SECRET_KEYS = ROOT / "deploy" / "kubernetes" / "base" / "config.yaml"
OLDEST, NEWEST = "1.30.0", kubernetes_validate.latest_version()
INSTALLATION = {  # what differs from one installation to the next
    "SCOREWIRE_PAGE_URL",
    "SCOREWIRE_STORAGE_URL",
    "SCOREWIRE_TRUSTED_PROXIES",
}


@pytest.fixture(params=["gpu", "cpu", "trial"])
def resources(request: pytest.FixtureRequest) -> list[Resource]:
    """All resources of an overlay."""
    return build(OVERLAYS / request.param)


def of_kind(resources: list[Resource], kind: str) -> dict[str, Resource]:
    """The resources of one kind by name."""
    return {r["metadata"]["name"]: r for r in resources if r["kind"] == kind}


def containers(resources: list[Resource]) -> dict[str, dict[str, Any]]:
    """The containers of all workloads, by name."""
    return {c["name"]: c for resource in resources for c in containers_of(resource)}


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_they_are_valid(resources: list[Resource], version: str) -> None:
    """Every field is one that Kubernetes knows, of the right type; the newest and an older one."""
    for resource in resources:
        kubernetes_validate.validate(resource, version, strict=True)


def test_the_check_can_fail(resources: list[Resource]) -> None:
    """A field that is spelt wrong is found."""
    deployment = of_kind(resources, "Deployment")["api"]
    deployment["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, NEWEST, strict=True)


def test_what_is_named_exists(resources: list[Resource]) -> None:
    """Selectors find pods, and references find services, settings and claims."""
    workloads = {**of_kind(resources, "Deployment"), **of_kind(resources, "StatefulSet")}
    for name, workload in workloads.items():
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert workload["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/name": name}
        assert labels["app.kubernetes.io/name"] == name
        assert workload["metadata"]["namespace"] == "scorewire"
    for kind in ("Service", "PodDisruptionBudget", "HorizontalPodAutoscaler"):
        assert set(of_kind(resources, kind)) <= set(workloads)
    text = str(resources)
    claims = set(of_kind(resources, "PersistentVolumeClaim"))
    assert set(re.findall(r"'claimName': '([\w-]+)'", text)) == claims
    maps = set(of_kind(resources, "ConfigMap"))
    assert set(re.findall(r"'configMapRef': {'name': '([\w-]+)'", text)) <= maps
    backends = re.findall(r"'backend': {'service': {'name': '([\w-]+)'", text)
    assert set(backends) == {"api", "bridge"}


def test_secrets_are_only_referred_to(resources: list[Resource]) -> None:
    """No secret is among the resources; each key that is asked for is explained."""
    assert of_kind(resources, "Secret") == {}
    explained = SECRET_KEYS.read_text() + (OVERLAYS / "trial" / "postgres.yaml").read_text()
    keys = set(
        re.findall(r"'secretKeyRef': {'name': 'scorewire', 'key': '([\w-]+)'", str(resources))
    )
    assert {"database-url", "prefect-login", "jwt-secret"} <= keys
    assert [key for key in keys if key not in re.split(r"[\s`]+", explained)] == []


def test_only_the_api_and_the_bridge_know_the_key(resources: list[Resource]) -> None:
    """Who opens strangers' files cannot sign tokens."""
    knowing = {name for name, c in containers(resources).items() if "SCOREWIRE_JWT" in str(c)}
    assert knowing == {"api", "bridge"}


def test_they_run_what_compose_runs(resources: list[Resource]) -> None:
    """The commands are the same, so what is tested of the one holds for the other."""
    compose = services(read_compose(), "gpu")
    found = containers(resources)
    for ours, theirs in {"api": "api-1", "prefect": "prefect", "worker": "worker-gpu"}.items():
        assert found[ours]["args"] == compose[theirs].command
    assert found["provision"]["args"] == compose["provision"].command
    assert found["migrations"]["args"][:-1] == compose["migrations"].command[:-1]
    bridge = [word.replace("api.app", "bridge.app") for word in found["api"]["args"]]
    assert found["bridge"]["args"] == bridge
    if "postgres" in found:
        assert found["postgres"]["image"] == compose["postgres"].told["image"]
        sql = of_kind(resources, "ConfigMap")["postgres-databases"]["data"]["prefect.sql"]
        (mounted,) = (s for p, s in compose["postgres"].mounts.items() if p.endswith(".sql"))
        assert sql.strip() in (ROOT / mounted).read_text()


def test_they_are_told_what_compose_tells(resources: list[Resource]) -> None:
    """Settings have the same values, but for addresses and secrets."""
    compose = services(read_compose(), "gpu")
    maps = of_kind(resources, "ConfigMap")
    for ours, theirs in {"api": "api-1", "prefect": "prefect", "worker": "worker-gpu"}.items():
        container = containers(resources)[ours]
        told: dict[str, str | None] = {}
        for source in container["envFrom"]:
            told |= maps[source["configMapRef"]["name"]]["data"]
        told |= {variable["name"]: variable.get("value") for variable in container["env"]}
        for name, value in compose[theirs].environment.items():
            name = name.removesuffix("_FILE")  # noqa: PLW2901 - the same name without its end
            if name in INSTALLATION or name == "PGPASSWORD":  # the URL of the Secret has it
                continue
            assert name in told, f"{ours} is not told {name}"
            assert told[name] in {value, None}, f"{ours}: {name}"


def test_pods_are_locked_up(resources: list[Resource]) -> None:
    """As the namespace enforces it: no root, no rights, nothing written beside the volumes."""
    workloads = {**of_kind(resources, "Deployment"), **of_kind(resources, "StatefulSet")}
    for name, workload in workloads.items():
        pod = workload["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in containers_of(workload):
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert security.get("readOnlyRootFilesystem") or name == "postgres"
            assert ":" in container["image"]
            assert "memory" in container["resources"]["limits"]


def test_probes_ask_what_is_served() -> None:
    """Their paths are those of the health checks that docker-compose.yml is tested with."""
    found = containers(build(OVERLAYS / "gpu"))
    paths = {
        name: {found[name][probe]["httpGet"]["path"] for probe in probes}
        for name, probes in {
            "api": ["livenessProbe", "readinessProbe"],
            "bridge": ["livenessProbe", "readinessProbe"],
            "worker": ["livenessProbe", "startupProbe"],
        }.items()
    }
    assert paths["api"] == {"/health/live", "/health/serving"}
    assert paths["bridge"] == {"/health/live", "/health/ready"}
    assert paths["worker"] == {"/health"}
    checks = {n: str(s.health_command) for n, s in services(read_compose(), "gpu").items()}
    assert "/health/ready" in checks["api-1"]
    assert ":8080/health" in checks["worker-gpu"]


def test_overlays_choose_the_device() -> None:
    """One has a GPU and its image, the other neither."""
    gpu, cpu = (containers(build(OVERLAYS / name))["worker"] for name in ("gpu", "cpu"))
    assert gpu["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert gpu["image"].endswith("-cu128")
    assert "nvidia.com/gpu" not in cpu["resources"]["limits"]
    assert cpu["image"].endswith("-cpu")
    assert {"name": "SCOREWIRE_DEVICE", "value": "cpu"} in cpu["env"]


def test_every_manifest_is_in_use() -> None:
    """No file lies beside a kustomization without being named in it."""
    for folder in (OVERLAYS.parent / "base", *OVERLAYS.iterdir()):
        named = (folder / "kustomization.yaml").read_text()
        files = {path.name for path in Path(folder).glob("*.yaml")} - {"kustomization.yaml"}
        assert [name for name in files if f"- {name}" not in named] == []
