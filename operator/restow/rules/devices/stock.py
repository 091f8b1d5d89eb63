"""What an allocation starts from: all devices, the classes, what is held; and a bound on it.

kube-scheduler gives up on a node after 10 s (`FilterTimeout`). restow counts steps instead of
seconds, so that equal clusters get equal answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from restow.cluster.devices import DeviceClass
from restow.rules.devices.held import Held
from restow.rules.devices.pools import Inventory
from restow.rules.devices.wants import UnknownError

STEPS: Final = 200_000
"""Devices looked at per node, of about a microsecond each: a fraction of a second."""

TOTAL: Final = 5_000_000
"""Per pod and board: many nodes with a long search each."""


class Effort:
    """What is left of the steps for one pod on one board."""

    def __init__(self) -> None:
        self._left = TOTAL
        self._here = 0
        self.spent = 0
        """Steps counted so far, on all nodes."""

    def begin(self) -> None:
        """Begin with another node."""
        self._here = min(STEPS, self._left)

    def spend(self) -> None:
        """Count a step.

        Raises
        ------
        UnknownError
            When there is none left.
        """
        self._here -= 1
        self._left -= 1
        self.spent += 1
        if self._here < 0:
            raise UnknownError(
                "the search for devices takes too long: kube-scheduler may find some"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """The devices of a cluster, by what they are and by who holds them."""

    inventory: Inventory
    classes: Mapping[str, DeviceClass]
    held: Held
    effort: Effort
