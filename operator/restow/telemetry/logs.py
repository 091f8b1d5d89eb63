"""Log lines: JSON in a cluster, coloured text for people, always to stderr."""

import logging
import os
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor

from restow.telemetry.levels import LogFormat, LogLevel

_CHATTY = ("kopf", "aiohttp", "asyncio", "kubernetes", "urllib3")
"""Libraries whose info lines tell of their own workings, not of the cluster."""

_WRONG = "kopf._core.reactor.running"
"""Warns that signals are ignored in a thread, which they are not: the loop has them."""


def configure(
    level: LogLevel = LogLevel.INFO,
    style: LogFormat = LogFormat.AUTO,
    stream: TextIO | None = None,
) -> None:
    """Send the lines of restow and of its libraries to `stream` (None: stderr).

    Calling it again replaces the former configuration.
    """
    target = stream if stream is not None else sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(style, target),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    number = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(number)
    logging.getLogger(_WRONG).setLevel(logging.ERROR)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(
            number if number < logging.INFO else max(number, logging.WARNING)
        )


def _rendering(style: LogFormat, target: TextIO) -> list[Processor]:
    if style is LogFormat.CONSOLE or (style is LogFormat.AUTO and target.isatty()):
        colours = target.isatty() and "NO_COLOR" not in os.environ
        return [structlog.dev.ConsoleRenderer(colors=colours)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def logger(room: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a room, `restow.<room>`."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(f"restow.{room}")
    return bound
