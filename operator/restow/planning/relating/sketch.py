"""A relation that still speaks of pods, and what the given pods forbid."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from restow.core.ids import NodeName, Uid
from restow.packing.relations import Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """A relation in the making.

    Parameters
    ----------
    build
        Makes the relation of the sorted class indices per role, given by name.
    roles
        The pods that play each role.
    held
        Whether a nomination holds against others what the relation gives. It is heeded on its own
        node only, so one on a node of a larger domain holds nothing on the others.
    """

    build: Callable[..., Relation]
    roles: Mapping[str, frozenset[Uid]]
    held: bool = True


@dataclass(frozen=True, slots=True)
class Relating:
    """What the rules between pods come to.

    Parameters
    ----------
    sketches
        The relations.
    barred
        Per pod, sets of nodes that given pods keep it from.
    """

    sketches: list[Sketch] = field(default_factory=list)
    barred: dict[Uid, set[frozenset[NodeName]]] = field(default_factory=dict)

    def add(
        self, build: Callable[..., Relation], *, held: bool = True, **roles: frozenset[Uid]
    ) -> None:
        """Add a relation by its roles."""
        self.sketches.append(Sketch(build=build, roles=roles, held=held))

    def bar(self, pods: Iterable[Uid], nodes: frozenset[NodeName]) -> None:
        """Keep the pods from arriving on the nodes."""
        if nodes:
            for uid in pods:
                self.barred.setdefault(uid, set()).add(nodes)

    def unheld(self) -> frozenset[Uid]:
        """Return the pods whose new ones could break what their leaving was to give.

        The new pod of an evicted one goes wherever kube-scheduler likes, before the pod that was to
        profit is bound.
        """
        return frozenset(
            uid
            for sketch in self.sketches
            if not sketch.held
            for uids in sketch.roles.values()
            for uid in uids
        )

    def roles(self) -> Mapping[Uid, frozenset[tuple[int, str]]]:
        """Return the roles of each pod that has any: (index of the sketch, name) pairs."""
        found: dict[Uid, set[tuple[int, str]]] = {}
        for index, sketch in enumerate(self.sketches):
            for name, uids in sketch.roles.items():
                for uid in uids:
                    found.setdefault(uid, set()).add((index, name))
        return {uid: frozenset(roles) for uid, roles in found.items()}

    def related(self) -> Mapping[Uid, frozenset[int]]:
        """Return the indices of the sketches in which each pod has a role."""
        return {uid: frozenset(index for index, _ in roles) for uid, roles in self.roles().items()}

    def relations(self, class_of: Mapping[Uid, int]) -> tuple[Relation, ...]:
        """Return the relations of the classes."""
        return tuple(
            sketch.build(
                **{
                    name: tuple(sorted({class_of[uid] for uid in uids}))
                    for name, uids in sketch.roles.items()
                }
            )
            for sketch in self.sketches
        )
