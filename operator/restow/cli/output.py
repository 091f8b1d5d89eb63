"""How a result is printed: a table for people, JSON or YAML for tools."""

import json
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

WIDTH = 1000
"""Columns of a table that does not go to a terminal: nothing wraps, so that grep finds it."""


class Output(StrEnum):
    """Format of the result on stdout."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    HTML = "html"


class Objective(StrEnum):
    """What is wanted within a migration limit."""

    DEFRAGMENT = "defragment"
    CONSOLIDATE = "consolidate"
    DRAIN = "drain"
    BALANCE = "balance"


class Form(StrEnum):
    """Format of an answer on stdout."""

    TEXT = "text"
    JSON = "json"


class Fallback(StrEnum):
    """Whether pods that wait are packed in a simulation."""

    OFF = "off"
    ON = "on"
    BOTH = "both"

    @property
    def values(self) -> tuple[bool, ...]:
        """Return it as the runs that it asks for."""
        both = {Fallback.OFF: (False,), Fallback.ON: (True,), Fallback.BOTH: (False, True)}
        return both[self]


class View(StrEnum):
    """Format of a simulation on stdout."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


def write(document: Mapping[str, Any], output: Output) -> None:
    """Print one Kubernetes object to stdout as JSON or YAML."""
    if output is Output.JSON:
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(as_yaml(document))


def as_yaml(*documents: Mapping[str, Any]) -> str:
    """Return the objects as a YAML stream, keys in the order given."""
    import yaml

    return str(yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True, width=100))
