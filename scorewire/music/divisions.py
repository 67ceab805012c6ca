"""How quarters are divided: into halves of halves, or a quarter or an eighth into three.

Each level of a metre divides the one above it in two or in three (D. Temperley, "The Cognition of
Basic Musical Structures", 2001, chapter 2), and on a page the two do not mix: a span that is
divided in three has no other places, so that every bar can be written.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from scorewire.music.meter import TICKS_PER_QUARTER

BINARY_TICKS, TRIPLET_TICKS = 3, 4
"""The finest steps: thirty-seconds, and sixteenths of which three stand in the place of two."""

EIGHTH_TICKS = TICKS_PER_QUARTER // 2


class Span(NamedTuple):
    """A stretch of ticks."""

    start: int
    end: int


@dataclass(frozen=True)
class Divisions:
    """Which spans are divided in three.

    Attributes:
        triplets: first tick of each span -> its length, of a quarter or an eighth; a span starts
            at a multiple of its length, and none lies in another.
    """

    triplets: Mapping[int, int] = field(default_factory=dict)

    def triplet(self, tick: float) -> Span | None:
        """The span divided in three that holds a tick."""
        for ticks in (TICKS_PER_QUARTER, EIGHTH_TICKS):
            start = int(tick // ticks) * ticks
            if self.triplets.get(start) == ticks:
                return Span(start, start + ticks)
        return None

    def nearest(self, tick: float) -> int:
        """Nearest place that can be written."""
        step = BINARY_TICKS if self.triplet(tick) is None else TRIPLET_TICKS
        return math.floor(tick / step + 0.5) * step

    def triplet_quarters(self) -> frozenset[int]:
        """Numbers of the quarters that are divided in three as a whole."""
        whole = (start for start, ticks in self.triplets.items() if ticks == TICKS_PER_QUARTER)
        return frozenset(start // TICKS_PER_QUARTER for start in whole)
