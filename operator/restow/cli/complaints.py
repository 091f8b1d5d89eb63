"""Naming the annotations that were ignored."""

import sys
from collections.abc import Iterable

from restow.rules.wishes import Complaint


def complain(complaints: Iterable[Complaint]) -> None:
    """Say on stderr which annotations cannot be used, and what to do."""
    for each in complaints:
        sys.stderr.write(
            f"warning: {each.kind} {each.key}: {each.annotation}: {each.value!r} cannot be used "
            f"and is ignored; {each.remedy}\n"
        )
