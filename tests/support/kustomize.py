"""What `kubectl kustomize` makes of a folder, for the few features that deploy/kubernetes uses.

kustomize itself is no part of set-up. A field that is not known here is an error.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonpatch
import yaml

Resource = dict[str, Any]

KNOWN = {"apiVersion", "kind", "namespace", "resources", "images", "patches"}
CLUSTER_WIDE = {"Namespace"}


def build(folder: Path) -> list[Resource]:
    """The resources of a kustomization, those of its bases included."""
    told = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert set(told) <= KNOWN, (
        f"{folder}: tests/support/kustomize.py does not know {set(told) - KNOWN}"
    )
    resources = [resource for name in told["resources"] for resource in _read(folder / name)]
    for patch in told.get("patches", []):
        targets = [resource for resource in resources if _matches(patch["target"], resource)]
        assert targets, f"{folder}: no resource is {patch['target']}"
        for resource in targets:
            operations = jsonpatch.JsonPatch(yaml.safe_load(patch["patch"]))
            operations.apply(resource, in_place=True)
    for image in told.get("images", []):
        containers = [c for r in resources for c in containers_of(r) if _named(c, image["name"])]
        assert containers, f"{folder}: no container has the image {image['name']}"
        for container in containers:
            _, _, tag = container["image"].partition(":")
            name = image.get("newName", image["name"])
            container["image"] = f"{name}:{image.get('newTag', tag)}"
    if "namespace" in told:
        for resource in resources:
            if resource["kind"] not in CLUSTER_WIDE:
                resource["metadata"]["namespace"] = told["namespace"]
    return resources


def containers_of(resource: Resource) -> Iterator[dict[str, Any]]:
    """The containers of a workload, those that only initialise included."""
    pod = resource.get("spec", {}).get("template", {}).get("spec", {})
    yield from pod.get("initContainers", [])
    yield from pod.get("containers", [])


def _read(path: Path) -> list[Resource]:
    if path.is_dir():
        return build(path)
    return list(yaml.safe_load_all(path.read_text()))


def _matches(target: dict[str, str], resource: Resource) -> bool:
    return resource["kind"] == target["kind"] and bool(
        re.fullmatch(target["name"], resource["metadata"]["name"])
    )


def _named(container: dict[str, Any], image: str) -> bool:
    return str(container["image"]).partition(":")[0] == image
