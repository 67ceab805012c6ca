"""Log lines: one format for ours and for the libraries', with the job they are about."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Literal
from uuid import uuid4

import pytest
import structlog
from prefect.logging.handlers import PrefectConsoleHandler

from scorewire.logs import bind_job, bind_run, configure


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the lines go; Python's own set-up is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    """The lines written as JSON."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_lines_are_objects_with_time_level_and_logger(stream: io.StringIO) -> None:
    """Our events and those of Python's own loggers have the same fields."""
    configure("INFO", "json", stream)
    structlog.get_logger("scorewire.test").info("stored", bytes=7)
    logging.getLogger("library").warning("slow: %d ms", 12)
    ours, theirs = lines(stream)
    assert (ours["event"], ours["bytes"], ours["logger"]) == ("stored", 7, "scorewire.test")
    assert (theirs["event"], theirs["level"]) == ("slow: 12 ms", "warning")
    assert ours.keys() - {"bytes"} == theirs.keys()
    assert str(ours["timestamp"]).endswith("Z")


def test_lines_within_a_job_name_it(stream: io.StringIO) -> None:
    """The job is bound to all lines of the block, also a library's, and to none after it."""
    configure("INFO", "json", stream)
    job_id = uuid4()
    with bind_job(job_id):
        structlog.get_logger().info("one")
        logging.getLogger("library").info("two")
    structlog.get_logger().info("three")
    assert [line.get("job_id") for line in lines(stream)] == [str(job_id), str(job_id), None]


def test_a_server_that_logs_by_itself_joins_in(stream: io.StringIO) -> None:
    """What uvicorn writes with a handler of its own comes in the one format, and once."""
    uvicorn = logging.getLogger("uvicorn")
    uvicorn.addHandler(logging.StreamHandler(stream))
    uvicorn.propagate = False
    configure("INFO", "json", stream)
    logging.getLogger("uvicorn.error").warning("refused")
    assert [line["event"] for line in lines(stream)] == ["refused"]


def test_less_severe_lines_are_left_out(stream: io.StringIO) -> None:
    """The level counts for our events and for the libraries'."""
    configure("WARNING", "json", stream)
    structlog.get_logger().info("one")
    logging.getLogger("library").info("two")
    structlog.get_logger().error("three")
    assert [line["event"] for line in lines(stream)] == ["three"]


def test_an_exception_comes_with_its_traceback(stream: io.StringIO) -> None:
    """A logged exception is told in full, in one line."""
    configure("INFO", "json", stream)
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        structlog.get_logger().exception("broken")
    (line,) = lines(stream)
    assert "ZeroDivisionError" in str(line["exception"])


def test_the_console_format_is_for_people(stream: io.StringIO) -> None:
    """One readable line, without colour codes where the stream is no terminal."""
    configure("INFO", "console", stream)
    structlog.get_logger().info("stored", bytes=7)
    assert "stored" in stream.getvalue()
    assert "bytes=7" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_setting_up_again_replaces_the_former(stream: io.StringIO) -> None:
    """No line is written twice after a second set-up."""
    configure("INFO", "json", stream)
    configure("INFO", "json", stream)
    structlog.get_logger().info("once")
    assert len(lines(stream)) == 1


TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl-_"  # noqa: S105 - nobody's token


@pytest.mark.parametrize(
    "line",
    [
        f"GET /api/v1/jobs/1/stream?after=3&token={TOKEN} HTTP/1.1",
        f'127.0.0.1:1 - "WebSocket /api/v1/jobs/1/stream?token={TOKEN}&after=3" [accepted]',
        "GET /stream?TOKEN=opaque-secret~1 HTTP/1.1".replace("opaque-secret~1", TOKEN.upper()),
        f"GET /stream?%74oken={TOKEN}",
        f"< authorization: Bearer {TOKEN}",
        f"< Authorization: bearer {TOKEN[3:]}",
        f"< Sec-WebSocket-Protocol: scorewire.v1, bearer.{TOKEN}",
        f"opened by {TOKEN}.",
    ],
)
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_tokens_reach_no_line(
    stream: io.StringIO, line: str, log_format: Literal["json", "console"]
) -> None:
    """[A2] Wherever a library puts a token, its place in the line is all that is written."""
    configure("DEBUG", log_format, stream)
    logging.getLogger("uvicorn.error").info("%s", line)
    structlog.get_logger().info("asked", line=line)
    try:
        int(line)
    except ValueError:
        structlog.get_logger().exception("broken")
    written = stream.getvalue().lower()
    assert TOKEN[3:].lower() not in written
    assert written.count("[redacted]") >= 3


def test_what_is_no_token_stays(stream: io.StringIO) -> None:
    """[A2] The rest of an address is kept, and a line is still JSON."""
    configure("INFO", "json", stream)
    logging.getLogger("uvicorn.access").info('"GET /stream?token=%s&after=3" %d', "s3cret", 200)
    structlog.get_logger().info("This server asks for a token; send one as Authorization: Bearer.")
    access, ours = lines(stream)
    assert access["event"] == '"GET /stream?token=[redacted]&after=3" 200'
    assert ours["event"] == "This server asks for a token; send one as Authorization: Bearer."


class Terminal(io.StringIO):
    """A stream that a person reads."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.mark.parametrize(("kind", "first"), [(io.StringIO, "{"), (Terminal, "\x1b")])
def test_auto_is_for_people_in_a_terminal_alone(
    stream: io.StringIO, kind: type[io.StringIO], first: str
) -> None:
    """Colours for a person, objects for a collector."""
    assert not stream.getvalue()  # its fixture puts logging back
    written = kind()
    configure("INFO", "auto", written)
    structlog.get_logger().info("stored")
    assert written.getvalue().startswith(first)


def test_prefects_lines_join_in(stream: io.StringIO) -> None:
    """What Prefect writes to its console comes as ours does, with its run and the job; once."""
    logger = logging.getLogger("prefect.flow_runs")
    handlers, level, propagate = logger.handlers[:], logger.level, logger.propagate
    logger.handlers[:] = [PrefectConsoleHandler(stream=stream), kept := logging.NullHandler()]
    logger.propagate = False
    logger.setLevel("INFO")
    job_id, run_id = uuid4(), uuid4()
    try:
        with structlog.contextvars.bound_contextvars():
            configure("INFO", "json", stream)
            bind_run(job_id, run_id)
            logger.info("Finished", extra={"flow_run_name": "Study"})
        assert kept in logger.handlers
    finally:
        structlog.contextvars.clear_contextvars()
        logger.handlers[:], logger.propagate = handlers, propagate
        logger.setLevel(level)
    (line,) = lines(stream)
    assert (line["event"], line["flow_run_name"]) == ("Finished", "Study")
    assert (line["job_id"], line["flow_run_id"]) == (str(job_id), str(run_id))
