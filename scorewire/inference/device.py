"""Where models run."""

from typing import TYPE_CHECKING

from scorewire.errors import SetupError

if TYPE_CHECKING:
    import torch


def pick_device(setting: str) -> "torch.device":
    """Choose the device that a setting asks for.

    Args:
        setting: ``cpu``, ``cuda``, ``mps``, or ``auto`` for the best that is there.

    Raises:
        SetupError: the device that was asked for is not there.
    """
    import torch  # noqa: PLC0415 - seconds that only a separation pays

    present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if setting == "auto":
        return torch.device(next(name for name, there in present.items() if there))
    if not present.get(setting, False):
        message = (
            f"The setting SCOREWIRE_DEVICE is {setting}, but PyTorch finds no such device; "
            "set it to auto, or install the PyTorch build for it."
        )
        raise SetupError(message)
    return torch.device(setting)


def describe_device(setting: str) -> str:
    """One line for a person: which device is used, and how much memory it has.

    Raises:
        SetupError: the device that was asked for is not there.
    """
    import torch  # noqa: PLC0415 - seconds that only a separation pays

    device = pick_device(setting)
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        return f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB"
    if device.type == "mps":
        return "Apple GPU"
    return f"CPU, {torch.get_num_threads()} threads"
