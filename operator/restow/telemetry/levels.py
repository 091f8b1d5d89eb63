"""The choices of how to log; apart from `logs`, so that `restow --help` need not load structlog."""

from enum import StrEnum


class LogFormat(StrEnum):
    """How log lines look; `AUTO` is console on a terminal and JSON elsewhere."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The least important line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
