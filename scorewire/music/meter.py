"""Metres and the places in their bars.

The metrical classes follow F. Lerdahl and R. Jackendoff, "A Generative Theory of Tonal Music"
(1983), chapter 4.
"""

from dataclasses import dataclass
from enum import IntEnum

TICKS_PER_QUARTER = 24
"""Grid of the score: thirty-seconds (3 ticks) and triplet sixteenths (4 ticks) are whole."""


class MetricalClass(IntEnum):
    """Weight of a place in the bar, strongest first."""

    DOWNBEAT = 0
    STRONG_BEAT = 1
    BEAT = 2
    DIVISION = 3
    SUBDIVISION = 4
    TRIPLET = 5
    FINE = 6


_EIGHTH = 8
_HALF = 2 * TICKS_PER_QUARTER
_COMPOUND_NUMERATORS = frozenset({6, 9, 12})

_DIVISIONS = (
    (12, MetricalClass.DIVISION),
    (6, MetricalClass.SUBDIVISION),
    (4, MetricalClass.TRIPLET),
)


@dataclass(frozen=True)
class Meter:
    """A time signature.

    Attributes:
        numerator: number of units in a bar.
        denominator: note value of a unit (4 = quarter).
    """

    numerator: int
    denominator: int

    @classmethod
    def parse(cls, text: str) -> "Meter":
        """Read `"3/4"` and the like."""
        numerator, denominator = text.split("/")
        return cls(int(numerator), int(denominator))

    @property
    def name(self) -> str:
        """As it is said: `"3/4"`."""
        return f"{self.numerator}/{self.denominator}"

    @property
    def is_compound(self) -> bool:
        """Whether every beat has three divisions (6/8, 9/8, 12/8)."""
        return self.denominator == _EIGHTH and self.numerator in _COMPOUND_NUMERATORS

    @property
    def unit_ticks(self) -> int:
        """Length of the denominator's note value."""
        return 4 * TICKS_PER_QUARTER // self.denominator

    @property
    def bar_ticks(self) -> int:
        """Length of a bar."""
        return self.numerator * self.unit_ticks

    @property
    def beat_ticks(self) -> int:
        """Length of the beat that a metronome counts: a dotted quarter in compound metres."""
        return 3 * self.unit_ticks if self.is_compound else self.unit_ticks

    @property
    def beam_ticks(self) -> int:
        """Length of the groups that beams stay within."""
        if self.denominator == _EIGHTH:
            return 3 * self.unit_ticks
        return max(self.unit_ticks, TICKS_PER_QUARTER)

    def classify(self, position_ticks: int) -> MetricalClass:
        """Weight of a place, counted from the bar line."""
        position = position_ticks % self.bar_ticks
        if position == 0:
            return MetricalClass.DOWNBEAT
        if self.denominator == _EIGHTH:
            if position % (3 * self.unit_ticks) == 0:
                return MetricalClass.STRONG_BEAT
        elif position == self.bar_ticks / 2 and self.numerator % 2 == 0 and self.bar_ticks > _HALF:
            return MetricalClass.STRONG_BEAT
        elif position % TICKS_PER_QUARTER == 0:
            return MetricalClass.BEAT
        for ticks, weight in _DIVISIONS:
            if position % ticks == 0:
                return weight
        return MetricalClass.FINE
