"""How a running stage says how far it is."""

from typing import Protocol


class Report(Protocol):
    """Called by a running stage, as often as it likes; must not raise."""

    def __call__(self, fraction: float, message: str) -> None:
        """Say that `fraction` (0-1) of the stage is done, with a sentence for a person."""
