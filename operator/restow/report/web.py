"""Web pages that need nothing else: a template of this room, with its data written into it."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any


def filled(template: str, data: Mapping[str, Any]) -> str:
    """Return the page of a template, whose `__DATA__` stands in a script element."""
    text = files("restow.report").joinpath(template).read_text(encoding="utf-8")
    written = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    # in a script element nothing but its end tag and comments mean anything
    return text.replace("__DATA__", written.replace("<", "\\u003c"))
