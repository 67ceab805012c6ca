"""Devices, and the classes that the settings name."""

import pytest

from scorewire.errors import SetupError
from scorewire.inference.device import describe_device, pick_device
from scorewire.inference.loading import load_separator, load_transcriber
from scorewire.inference.separation import DemucsSeparator
from scorewire.inference.transcription import BasicPitchTranscriber
from scorewire.settings import Settings


def test_the_settings_defaults_load() -> None:
    """The classes that the settings name by default exist, and take the arguments of the port."""
    settings = Settings()
    separator = load_separator(
        settings.separator, device="cpu", model=None, folder=None, instruments=()
    )
    assert isinstance(separator, DemucsSeparator)
    assert isinstance(load_transcriber(settings.transcriber, device="cpu"), BasicPitchTranscriber)


@pytest.mark.parametrize(
    "spec",
    ["", "nonsense", "scorewire.audio:Nothing", "no.such.module:Class", "scorewire.audio:__doc__"],
)
def test_wrong_names_are_told(spec: str) -> None:
    """A name that leads to no class is an operator's to set right."""
    with pytest.raises(SetupError, match="class"):
        load_separator(spec)


def test_auto_finds_a_device() -> None:
    """There is always the CPU, and every device can be described."""
    assert pick_device("auto").type in {"cpu", "cuda", "mps"}
    assert pick_device("cpu").type == "cpu"
    assert describe_device("cpu").startswith("CPU, ")


@pytest.mark.parametrize("setting", ["cuda", "mps"])
def test_absent_device_is_told(setting: str) -> None:
    """Asking for a device that is not there says which setting to change."""
    if pick_device("auto").type == setting:
        pytest.skip("this machine has it")
    with pytest.raises(SetupError, match="SCOREWIRE_DEVICE"):
        pick_device(setting)
