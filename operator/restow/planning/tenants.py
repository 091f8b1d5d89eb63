"""The pods of one node, told apart into those that may move and fixed load."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from restow.cluster.objects import Pod
from restow.core.ids import ObjectKey, Uid
from restow.core.reasons import Reason, Refusal
from restow.planning.judge import Judge
from restow.rules import machines
from restow.rules.wishes import Wishes

UNSAFE: Final = Refusal(Reason.NO_ROOM, "waiting pods would take the room that it leaves to others")
MACHINE: Final = Refusal(
    Reason.MACHINE, "the pod runs a virtual machine, which no plan for waiting pods migrates"
)


class Tenants(NamedTuple):
    """The pods of one node.

    Parameters
    ----------
    pods
        All of them, as the snapshot has them.
    movable
        Those that may move.
    wishes, drawn_on
        Of those that may move: what is asked for them, and the disruption budgets that they draw
        on.
    fixed
        Why the others stay.
    passing
        Whether time alone may change it: a pod rests for a while.
    """

    pods: tuple[Pod, ...]
    movable: tuple[Pod, ...]
    wishes: Mapping[Uid, Wishes]
    drawn_on: Mapping[Uid, ObjectKey]
    fixed: Mapping[Uid, Refusal]
    passing: bool

    @classmethod
    def of(
        cls, pods: tuple[Pod, ...], judge: Judge, *, staying: frozenset[Uid], migrating: bool
    ) -> "Tenants":
        """Ask the rules about the pods of one node.

        Parameters
        ----------
        staying
            Pods that are not to be moved although the rules let them.
        migrating
            Whether virtual machines may migrate.
        """
        movable, passing = [], False
        wishes: dict[Uid, Wishes] = {}
        drawn_on: dict[Uid, ObjectKey] = {}
        fixed: dict[Uid, Refusal] = {}
        for pod in pods:
            asked, machine = judge.wishes(pod), machines.is_launcher(pod)
            passing = passing or judge.resting(pod)
            no = UNSAFE if pod.uid in staying else judge.why_fixed(pod, asked)
            if no is None and machine and not migrating:
                no = MACHINE
            if no is not None:
                fixed[pod.uid] = no
                continue
            movable.append(pod)
            wishes[pod.uid] = asked
            budget = None if machine else judge.budgets.drawn_on(pod)
            if budget is not None:
                drawn_on[pod.uid] = budget.key
        return cls(pods, tuple(movable), wishes, drawn_on, fixed, passing)
