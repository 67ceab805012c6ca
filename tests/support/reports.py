"""What a stage or a model reports, kept for the test."""


class Reports:
    """A report that keeps what it is told."""

    def __init__(self) -> None:
        self.fractions: list[float] = []
        self.messages: list[str] = []

    def __call__(self, fraction: float, message: str) -> None:
        """Keep it."""
        self.fractions.append(fraction)
        self.messages.append(message)
