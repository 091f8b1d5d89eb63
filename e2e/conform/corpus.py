"""Scenes that every run asks about first: few random ones tell what these tell.

`gather` finds them in recordings. They are scenes that were drawn once, with the pods that do not
matter left out, and are asked about anew each time, of the kube-scheduler of that time.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from e2e.conform.scene import Scene, drawn, line

FILE: Final = Path(__file__).with_name("corpus.jsonl")

MARK: Final = "kept"
"""How their names begin."""


def corpus() -> Iterator[Scene]:
    """Yield the scenes, in the order in which they were kept."""
    for each in FILE.read_text().splitlines():
        yield drawn(json.loads(each))


def keep(scenes: Iterable[Scene]) -> None:
    """Add scenes, whose names begin with `MARK`."""
    with FILE.open("a") as file:
        file.writelines(map(line, scenes))
