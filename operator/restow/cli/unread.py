"""Saying which kinds of others' CRDs cannot be read, and what follows from it."""

import sys
from collections.abc import Iterable, Mapping
from typing import Final

from restow.rules import machines
from restow.rules.placement import numa_zones

STAYS: Final = "virtual machines count as ones that may not move"
PLANNING: Final = {
    **dict.fromkeys(machines.NEEDED, STAYS),
    machines.POLICY: "virtual machines whose dirty rate is known count as ones that may not move",
    numa_zones.KIND: "pods that need a NUMA zone of their own get no place",
    "NodeClaim": "this plan does not rest on it; the operator does not reschedule until it can be",
}
"""What follows for a plan, or for an answer about a pod."""
RECORDING: Final = {
    **dict.fromkeys(machines.NEEDED, "virtual machines are recorded as pods that stay"),
    machines.POLICY: "virtual machines with a dirty rate are recorded as pods that stay",
}
"""What follows for a trace."""
NOTHING: Final = "nothing here rests on it"


def tell_unread(
    kinds: Iterable[str], problems: Mapping[str, str], follows: Mapping[str, str]
) -> None:
    """Say on stderr, in one line for each kind, why it is unknown and what follows."""
    for kind in sorted(kinds):
        sys.stderr.write(
            f"warning: {kind} cannot be read ({problems.get(kind, 'it could not for a while')}): "
            f"{follows.get(kind, NOTHING)}\n"
        )
