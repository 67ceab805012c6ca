"""Log lines: one format for ours and for the libraries', with the job they are about."""

import io
import json
import logging
from collections.abc import Iterator
from uuid import uuid4

import pytest
import structlog

from scorewire.logs import bind_job, configure


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
