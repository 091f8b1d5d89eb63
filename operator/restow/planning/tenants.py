"""The pods of one node, told apart into those that may move and fixed load."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from restow.cluster.objects import Pod
from restow.core.ids import ObjectKey, Uid
from restow.core.reasons import Reason, Refusal
from restow.planning.judge import Judge
from restow.rules import machines, move_cost
from restow.rules.feasibility import PlacementKey, placement_key
from restow.rules.wishes import Wishes

UNSAFE: Final = Refusal(Reason.NO_ROOM, "waiting pods would take the room that it leaves to others")
MACHINE: Final = Refusal(
    Reason.MACHINE,
    "the pod runs a virtual machine, which the policy lets no plan for waiting pods migrate",
)


Alike = tuple[Pod, tuple[Uid, ...]]
"""One of some pods that may go to the same nodes, whatever those are, and the uids of all."""


class Tenants(NamedTuple):
    """The pods of one node.

    Parameters
    ----------
    pods
        All of them, as the snapshot has them.
    movable, staying
        Those that may move, and the others.
    wishes, drawn_on
        Of those that may move: what is asked for them, and the disruption budgets that they draw
        on.
    owners
        Controllers of those that may move, virtual machines aside.
    alike
        Those that may move.
    special
        Those that may move and ask for more than their requests: ports, volumes, devices.
    asked
        The resources that those that may move request.
    fixed
        Why the others stay.
    passing
        Whether time alone may change it: a pod rests for a while.
    """

    pods: tuple[Pod, ...]
    movable: tuple[Pod, ...]
    staying: tuple[Pod, ...]
    wishes: Mapping[Uid, Wishes]
    drawn_on: Mapping[Uid, ObjectKey]
    owners: frozenset[Uid]
    alike: tuple[Alike, ...]
    special: tuple[Pod, ...]
    asked: frozenset[str]
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
        wishes = {pod.uid: judge.wishes(pod) for pod in pods}
        fixed: dict[Uid, Refusal] = {}
        for pod in pods:
            no = UNSAFE if pod.uid in staying else judge.why_fixed(pod, wishes[pod.uid])
            if no is None and not migrating and machines.is_launcher(pod):
                no = MACHINE
            if no is not None:
                fixed[pod.uid] = no
        movable = tuple(pod for pod in pods if pod.uid not in fixed)
        ordinary = [pod for pod in movable if not machines.is_launcher(pod)]
        budgets = ((pod.uid, judge.budgets.drawn_on(pod)) for pod in ordinary)
        return cls(
            pods=pods,
            movable=movable,
            staying=tuple(pod for pod in pods if pod.uid in fixed),
            wishes={
                pod.uid: move_cost.with_copying(wishes[pod.uid], pod, judge.snapshot)
                for pod in movable
            },
            drawn_on={uid: budget.key for uid, budget in budgets if budget is not None},
            owners=frozenset(pod.owner.uid for pod in ordinary if pod.owner is not None),
            alike=tuple(_alike(movable)),
            special=tuple(filter(is_special, movable)),
            asked=frozenset().union(*(pod.requests for pod in movable)),
            fixed=fixed,
            passing=any(judge.resting(pod) for pod in pods),
        )


def is_special(pod: Pod) -> bool:
    """Return whether the pod may ask for more than its requests: ports, volumes, devices."""
    return bool(pod.host_ports or pod.volumes or pod.claims or pod.extended)


def _alike(pods: Iterable[Pod]) -> Iterator[Alike]:
    """Yield the sets of pods that every local rule treats alike."""
    found: dict[PlacementKey, list[Pod]] = {}
    for pod in pods:
        if is_special(pod) or machines.is_launcher(pod):
            yield pod, (pod.uid,)
        else:
            found.setdefault(placement_key(pod), []).append(pod)
    for each in found.values():
        yield each[0], tuple(pod.uid for pod in each)
