"""Where Demucs's weights are, and whether they can be had.

Demucs itself finds out by downloading, which on a machine without internet takes a minute of
retries and then tells nobody what to do. So the places are looked at first: the folder of the
settings, the caches of the two hubs that Demucs knows, and last the hub, once and briefly.
"""

import functools
import importlib.util
import threading
from pathlib import Path
from typing import Any

from scorewire.errors import WeightsMissingError

_HUB_TIMEOUT_S = 4.0


def signatures(model: str, folder: Path | None) -> list[str]:
    """Signatures of the networks that make up a model (``htdemucs_ft`` has four).

    A name without a list of its own is a signature itself.

    Raises:
        WeightsMissingError: the list cannot be read.
    """
    # PyYAML comes with Demucs, is needed only beside it, and ships no types.
    import yaml  # type: ignore[import-untyped]  # noqa: PLC0415 - see above

    description = (folder or _bundled_descriptions()) / f"{model}.yaml"
    if not description.is_file():
        return [model]
    try:
        listed: list[str] = yaml.safe_load(description.read_text("utf-8"))["models"]
    except (yaml.YAMLError, KeyError, TypeError, UnicodeDecodeError) as error:
        message = f"{description} does not describe a Demucs model; fetch the file again."
        raise WeightsMissingError(message) from error
    return listed


def files(model: str, folder: Path) -> list[Path]:
    """The model's files in a folder (``<signature>-<checksum>.th``); empty if one is missing."""
    if not folder.is_dir():
        return []
    found = [
        path
        for signature in signatures(model, folder)
        for path in (*folder.glob(f"{signature}.th"), *folder.glob(f"{signature}-*.th"))
    ]
    return found if len(found) == len(signatures(model, folder)) else []


@functools.cache
def obtainable(model: str, folder: Path | None) -> bool:
    """Say whether a model's weights are here, or can be fetched.

    The answer is kept for the life of the process. Without a folder it takes at most
    four seconds, which is when a hub that does not answer is given up.
    """
    if folder is not None:
        return bool(files(model, folder))
    return _is_cached(model) or _hub_answers(model)


def load(model: str, folder: Path | None) -> Any:  # noqa: ANN401 - Demucs ships no types
    """Load a model, and fetch its weights where that is needed.

    Raises:
        WeightsMissingError: the weights are not here and cannot be fetched, or are damaged.
    """
    if not obtainable(model, folder):
        raise WeightsMissingError(_missing(model, folder))
    import demucs.pretrained  # noqa: PLC0415 - seconds that only a separation pays

    try:
        return demucs.pretrained.get_model(model, repo=folder)
    except Exception as error:  # two hubs and a pickle fail in countless ways
        message = f"{_missing(model, folder)} (Loading them failed: {error})"
        raise WeightsMissingError(message) from error


def _missing(model: str, folder: Path | None) -> str:
    if folder is None:
        return (
            f"The weights of the Demucs model {model} are not on this machine and cannot be "
            "fetched; go online once, or set SCOREWIRE_DEMUCS_FOLDER to a folder that holds them."
        )
    return (
        f"The folder {folder} does not hold the Demucs model {model} in full; put "
        f"{model}.yaml and the .th files it lists there, or unset SCOREWIRE_DEMUCS_FOLDER."
    )


def _bundled_descriptions() -> Path:
    spec = importlib.util.find_spec("demucs")
    if spec is None or not spec.submodule_search_locations:
        message = "Demucs is not installed; install Scorewire again."
        raise WeightsMissingError(message)
    return Path(spec.submodule_search_locations[0]) / "remote"


def _is_cached(model: str) -> bool:
    import huggingface_hub  # noqa: PLC0415 - needed only without a folder
    from demucs.hf import DEFAULT_NAMESPACE, hf_repo_name  # noqa: PLC0415 - as above

    repository = f"{DEFAULT_NAMESPACE}/{hf_repo_name(model)}"
    names = [f"{model}.yaml", *(f"{part}.safetensors" for part in signatures(model, None))]
    cached = (huggingface_hub.try_to_load_from_cache(repository, name) for name in names)
    if all(isinstance(path, str) for path in cached):
        return True
    import torch.hub  # noqa: PLC0415 - seconds that only a separation pays

    checkpoints = Path(torch.hub.get_dir()) / "checkpoints"
    return all(any(checkpoints.glob(f"{part}-*.th")) for part in signatures(model, None))


def _hub_answers(model: str) -> bool:
    """Ask the hub for the model's description, and give up soon.

    In a thread of its own: looking a host name up has no timeout.
    """
    import huggingface_hub  # noqa: PLC0415 - needed only without a folder
    from demucs.hf import DEFAULT_NAMESPACE, hf_repo_name  # noqa: PLC0415 - as above

    address = huggingface_hub.hf_hub_url(
        f"{DEFAULT_NAMESPACE}/{hf_repo_name(model)}", f"{model}.yaml"
    )
    answered = threading.Event()

    def ask() -> None:
        try:
            huggingface_hub.get_hf_file_metadata(address, timeout=_HUB_TIMEOUT_S)
        except Exception:  # noqa: BLE001 - whatever went wrong, the weights cannot be fetched
            return
        answered.set()

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_HUB_TIMEOUT_S)
    return answered.is_set()
