"""Draws and prints scores beside the requests, and keeps what was asked for last."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from scorewire.blobs import Blobs
from scorewire.music.engraving import Engraving, Look, engrave
from scorewire.music.printing import print_score

MAX_KEPT = 16

T = TypeVar("T")


class Engraver:
    """Works in one thread of its own, as Verovio draws one score at a time.

    Who waits for it keeps no thread that others need, and two who ask for the same get one
    picture.

    Args:
        blobs: where scores are kept.
    """

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="scorewire-engraver")
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()  # touched by that thread alone

    async def pages(self, blob_key: str, look: Look) -> Engraving:
        """Engrave a stored score.

        Raises:
            InvalidRequestError: the score has no such part.
            NotKeptError: the score is no longer kept.
            InternalError: the score cannot be read.
        """
        return await self._once(
            (blob_key, look), lambda: engrave(self._blobs.get_bytes(blob_key), look)
        )

    async def pdf(self, blob_key: str, title: str, transpose: int, part: int | None) -> bytes:
        """Print a stored score.

        Raises:
            InvalidRequestError: the score has no such part.
            NotKeptError: the score is no longer kept.
            InternalError: the score cannot be read.
        """

        def work() -> bytes:
            musicxml = self._blobs.get_bytes(blob_key)
            return print_score(musicxml, title=title, transpose=transpose, part=part)

        return await self._once((blob_key, title, transpose, part), work)

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _once(self, key: Hashable, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._remember, key, work
        )

    def _remember(self, key: Hashable, work: Callable[[], T]) -> T:
        if key not in self._kept:
            self._kept[key] = work()
            if len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        made: T = self._kept[key]
        return made
