"""Log lines as structured events, with the job they are about bound to each of them.

Python's own loggers (uvicorn, sqlalchemy, …) end in the same lines: one format for a whole service,
and one place where tokens are taken out ([A2]).
"""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, TextIO
from uuid import UUID

import structlog
from structlog.typing import Processor

LogFormat = Literal["auto", "console", "json"]

_SET_UP_BY_OTHERS = ("uvicorn", "uvicorn.access", "uvicorn.error")  # uvicorn itself, Prefect
_PREFECTS_HANDLER = "PrefectConsoleHandler"  # by its name: nothing here imports Prefect
REDACTED = "[redacted]"

_TOKENS = (
    re.compile(r"(?i)(token=)[^\s&#;,\"'\\]+"),  # an address, as servers log it
    re.compile(r"(?i)\b(bearer[ .])[\w.~+/=%-]+"),  # a header, as libraries log it at DEBUG
    re.compile(r"()\beyJ[\w-]+\.[\w-]+\.[\w-]*"),  # a JSON Web Token, wherever it stands
)
_CHATTY = ("httpx",)  # a line for each request, of which one a second asks whether all is well


def configure(level: str, log_format: LogFormat, stream: TextIO | None = None) -> None:
    """Set up logging for this process; calling it again replaces the former set-up.

    Args:
        level: least severe level that is written, `DEBUG` to `ERROR`.
        log_format: `json` writes one object a line, `console` is for people; `auto` is `console` in
            a terminal and `json` elsewhere.
        stream: where to; standard error by default.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    stream = stream or sys.stderr
    if log_format == "auto":
        log_format = "console" if stream.isatty() else "json"
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(log_format, colors=stream.isatty()),
                _redact,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _SET_UP_BY_OTHERS:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
        logging.getLogger(name).setLevel(logging.NOTSET)
    _take_over_from_prefect(handler)
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


def bind_run(job_id: UUID, flow_run_id: UUID) -> None:
    """Add a run and its job to every line from here on: its process has no other."""
    structlog.contextvars.bind_contextvars(job_id=str(job_id), flow_run_id=str(flow_run_id))


def _take_over_from_prefect(handler: logging.Handler) -> None:
    """Write Prefect's lines with ours; what it sends to its server goes there as before."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "prefect"]
    for logger in map(logging.getLogger, names):
        for theirs in logger.handlers[:]:
            if type(theirs).__name__ == _PREFECTS_HANDLER:
                logger.handlers[logger.handlers.index(theirs)] = handler


def _redact(_logger: Any, _level: str, line: Any) -> str:  # noqa: ANN401 - as structlog has it
    # After all else, so that nothing that was added on the way is overlooked.
    return redacted(str(line))


def redacted(text: str) -> str:
    """Take what looks like a token out of a text."""
    for token in _TOKENS:
        text = token.sub(rf"\1{REDACTED}", text)
    return text


def _renderers(log_format: LogFormat, *, colors: bool) -> list[Processor]:
    if log_format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # The prettier tracebacks show local variables, among them tokens and passwords.
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]
