"""Comparisons that no case can tell from their opposite, each with its why."""

from collections.abc import Mapping
from typing import Final

from e2e.conform.planting import Mistake

SILENT: Final[Mapping[str, str]] = {
    "restow.core.errors": "texts of errors",
    "restow.cluster.parse.problems": "texts of errors",
    "restow.cluster.parse.pages": "how lists arrive, which conform does not read",
    "restow.cluster.parse.kinds": "which documents are read at all, and what they are called",
}
"""Modules, by the beginning of their names, whose comparisons say nothing about a placement."""

INDIFFERENT: Final[Mapping[tuple[str, str], str]] = {}
"""Per module and comparison, why it makes no difference to what a survey says."""


def why_indifferent(mistake: Mistake) -> str:
    """Return why the mistake makes no difference, empty when it should make one."""
    return INDIFFERENT.get((mistake.module, mistake.before), "")
