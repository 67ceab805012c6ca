"""What handlers work with, made once by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass

from api.engraver import Engraver
from api.launcher import Launcher
from scorewire.blobs import Blobs
from scorewire.store.engine import Engine
from scorewire.traces import Traces


@dataclass(frozen=True)
class Services:
    """The outside world of the REST handlers.

    Attributes:
        engine: the store's database.
        blobs: where uploads and results are kept.
        presigned_downloads: whether programs fetch large files from the bucket itself.
        launcher: starts flow runs.
        engraver: draws and prints scores.
        url_hosts: hosts that recordings may be fetched from.
        max_upload_bytes: largest file that is taken.
        max_duration_s: longest recording that is transcribed.
        token_required: whether requests need a token.
        prefect_ui_url: where operators see every run, if that is told.
        traces: where attempts are traced.
        listening: says whether events reach the bridge at this moment.
    """

    engine: Engine
    blobs: Blobs
    presigned_downloads: bool
    launcher: Launcher
    engraver: Engraver
    url_hosts: tuple[str, ...]
    max_upload_bytes: int
    max_duration_s: float
    token_required: bool
    prefect_ui_url: str | None
    traces: Traces
    listening: Callable[[], bool]
