"""Log lines as structured events, with the job they are about bound to each of them.

Python's own loggers (uvicorn, sqlalchemy, …) end in the same lines: one format for a whole service.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TextIO
from uuid import UUID

import structlog
from structlog.typing import Processor

LogFormat = Literal["console", "json"]

_WITH_HANDLERS_OF_THEIR_OWN = ("uvicorn", "uvicorn.access")
_CHATTY = ("httpx",)  # a line for each request, of which one a second asks whether all is well


def configure(level: str, log_format: LogFormat, stream: TextIO | None = None) -> None:
    """Set up logging for this process; calling it again replaces the former set-up.

    Args:
        level: least severe level that is written, `DEBUG` to `ERROR`.
        log_format: `json` writes one object a line, `console` is for people.
        stream: where to; standard error by default.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(log_format, colors=stream.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _WITH_HANDLERS_OF_THEIR_OWN:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


@contextmanager
def bind_job(job_id: UUID | str) -> Iterator[None]:
    """Add `job_id` to every line that is logged within the block, in this thread or task."""
    with structlog.contextvars.bound_contextvars(job_id=str(job_id)):
        yield


def _renderers(log_format: LogFormat, *, colors: bool) -> list[Processor]:
    if log_format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [structlog.dev.ConsoleRenderer(colors=colors)]
