import io
import json
import logging
from collections.abc import Iterator

import pytest

from restow.telemetry import logs
from restow.telemetry.levels import LogFormat, LogLevel


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_json_line_carries_the_event_and_its_facts() -> None:
    stream = io.StringIO()
    logs.configure(LogLevel.INFO, LogFormat.JSON, stream)
    logs.logger("app").info("decided", plan="p-1", moves=2)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["plan"], line["moves"]) == ("decided", "p-1", 2)
    assert (line["logger"], line["level"]) == ("restow.app", "info")
    assert line["timestamp"].endswith("Z")


def test_auto_is_json_where_nobody_watches() -> None:
    stream = io.StringIO()
    logs.configure(LogLevel.INFO, LogFormat.AUTO, stream)
    logs.logger("app").info("decided")
    assert json.loads(stream.getvalue())["event"] == "decided"


def test_console_is_one_readable_line_without_colours_off_a_terminal() -> None:
    stream = io.StringIO()
    logs.configure(LogLevel.INFO, LogFormat.CONSOLE, stream)
    logs.logger("app").info("decided", plan="p-1")
    assert "decided" in stream.getvalue()
    assert "plan=p-1" in stream.getvalue()
    assert "\x1b[" not in stream.getvalue()


def test_lines_below_the_level_are_left_out() -> None:
    stream = io.StringIO()
    logs.configure(LogLevel.WARNING, LogFormat.JSON, stream)
    logs.logger("app").info("decided")
    assert stream.getvalue() == ""


def test_lines_of_libraries_look_alike_and_are_less_chatty() -> None:
    stream = io.StringIO()
    logs.configure(LogLevel.INFO, LogFormat.JSON, stream)
    logging.getLogger("kopf.activities").info("all is well")
    logging.getLogger("kopf.activities").warning("all is not well")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == [
        "all is not well"
    ]
    assert json.loads(stream.getvalue())["level"] == "warning"


def test_an_exception_is_written_out() -> None:
    stream = io.StringIO()
    logs.configure(LogLevel.INFO, LogFormat.JSON, stream)
    try:
        raise ValueError("three")
    except ValueError:
        logs.logger("app").exception("failed")
    assert "ValueError: three" in json.loads(stream.getvalue())["exception"]
