"""Ceilings of one plan on the moves of one node, namespace or workload.

They are no part of the solver's problem: what it proves without them bounds any plan that keeps
them. A plan that breaks one is replaced by one in which others may not move.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import Uid
from restow.policies.rescheduling import Rescheduling
from restow.rules.moving.workload import top_of


class _Group(NamedTuple):
    kind: str
    name: str
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceilings:
    """Most moves from one node, of one namespace and of one workload; None for any number."""

    node: int | None = None
    namespace: int | None = None
    workload: int | None = None

    @classmethod
    def of(cls, asked: Rescheduling | None) -> Self:
        """Return those of a policy."""
        if asked is None:
            return cls()
        return cls(
            node=asked.moves_per_node,
            namespace=asked.moves_per_namespace,
            workload=asked.moves_per_workload,
        )

    def held(
        self, moved: Sequence[Pod], movable: Iterable[Pod], snapshot: Snapshot, *, all_of: bool
    ) -> frozenset[Uid]:
        """Return the pods that have to stay where a ceiling is broken; nobody where none is.

        Of each group as many keep the right to move as the ceiling allows, first those that `moved`
        has, in its order.

        Parameters
        ----------
        all_of
            Whether also in groups of which not too many pods move now.
        """
        moves = Counter(group for pod in moved for group in self._groups(pod, snapshot))
        broken = {group for group, count in moves.items() if count > group.most}
        if not broken:
            return frozenset()
        parties: dict[_Group, list[Uid]] = defaultdict(list)
        everybody = {pod.uid: pod for pod in (*moved, *movable)}
        for pod in everybody.values():
            for group in self._groups(pod, snapshot):
                if all_of or group in broken:
                    parties[group].append(pod.uid)
        return frozenset(uid for group, pods in parties.items() for uid in pods[group.most :])

    def _groups(self, pod: Pod, snapshot: Snapshot) -> Iterator[_Group]:
        """Yield the groups of a pod that have a ceiling."""
        if self.node is not None and pod.node is not None:
            yield _Group("node", pod.node, self.node)
        if self.namespace is not None:
            yield _Group("namespace", pod.key.namespace, self.namespace)
        if self.workload is not None and pod.owner is not None:
            yield _Group("workload", top_of(pod.owner.uid, snapshot), self.workload)
