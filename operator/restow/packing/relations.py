"""Relations of a Problem: what pods of some classes ask of where pods of other classes are.

In integers, like the rest of the Problem; `planning` compiles the rules of kube-scheduler into
them. A relation judges an end state against the present: a pod *arrives* where its class has more
pods than now, others *stay*. kube-scheduler asks only about pods that arrive, so what is broken
now and does not change is nobody's fault; and no plan breaks for the pods that stay what holds for
them now.

Each relation has an encoder for the model (`packing.encoders`) and a judge for the checker
(`packing.judges`), written apart.
"""

from dataclasses import dataclass

Domains = tuple[int, ...]
"""(nodes,) index of each node's domain, from 0; -1 for a node in none."""

Combination = tuple[tuple[int, int], ...]
"""(class index, number of pods) pairs, sorted, numbers positive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Required anti-affinity, a volume for one pod only, a conflict on one node.

    In a domain where a pod of `carriers` arrives there is, at the end, no *other* pod of `targets`;
    where one of `targets` arrives there is no *other* pod of `carriers`. Pods that are fixed are
    not here but in `PodClass.allowed`.

    Parameters
    ----------
    domains
        Nodes outside of every domain are free of the relation.
    carriers, targets
        Sorted class indices; a class may be in both (each pod excludes its like).
    """

    domains: Domains
    carriers: tuple[int, ...]
    targets: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attraction:
    """Required affinity.

    A pod of `needy` arrives only in a domain where, at the end, a provider sits: a fixed one, one
    that stays, or one that arrives and is of no class that is needy in any relation of the problem
    (so that no two wait for each other). Nodes outside of every domain receive no needy pod.

    If `seed`, and no provider sits in any domain now (fixed or running), the first-pod exception
    holds: needy pods that are providers themselves may arrive without one if all arrivals of the
    relation's needy and provider classes are in one domain (in whatever order they are bound).

    For pods that stay: a domain that has a provider now, and where a fixed needy pod sits
    (`anchored`) or a needy pod stays, has a provider at the end, arrivals counted. A pod that is
    needy and a provider counts as its own provider.

    Parameters
    ----------
    needy, providers
        Sorted class indices.
    fixed
        (domains,) fixed providers.
    anchored
        (domains,) whether a fixed needy pod, that is no provider itself, sits there.
    """

    domains: Domains
    needy: tuple[int, ...]
    providers: tuple[int, ...]
    fixed: tuple[int, ...]
    anchored: tuple[bool, ...]
    seed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A hard topology spread constraint.

    Let count(d) be the fixed and counted pods in domain d at the end, and least the smallest of
    them, or 0 with fewer than `min_domains` domains. Where a pod of `carriers` arrives,
    count(d) - least <= max_skew. For the pods that stay: in every domain, count(d) - least is at
    most max(max_skew, what it is now), unless `carried` is False and no pod of `carriers` runs now.

    Carriers of one relation are all counted, or none is (upstream's selfMatch): an arriving carrier
    that is counted is in count(d) already, and one that is not adds nothing.

    Parameters
    ----------
    domains
        Eligible domains of the carriers; a node whose domain is not eligible, or without the key,
        is -1 and receives no carrier.
    counts_on
        (nodes,) whether pods on the node count: eligible nodes only; no other receives a carrier.
    carriers, counted
        Sorted class indices.
    fixed
        (domains,) fixed pods that count.
    carried
        Whether a fixed pod carries the constraint.
    """

    domains: Domains
    counts_on: tuple[bool, ...]
    carriers: tuple[int, ...]
    counted: tuple[int, ...]
    fixed: tuple[int, ...]
    max_skew: int
    min_domains: int = 1
    carried: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Something that several nodes share: persistent volumes, network-attached devices.

    At most `room[d]` units are taken by the pods that arrive in domain d; `units` are (class index,
    units per pod) pairs, sorted.
    """

    domains: Domains
    units: tuple[tuple[int, int], ...]
    room: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """A pod group: all pending pods of these classes get a place, or none does."""

    classes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """Pods that a domain cannot serve together, although every resource suffices: its devices.

    In a domain where a pod of a combination's classes arrives, the end does not hold, for every
    class of the combination, as many pods as it names.

    Parameters
    ----------
    forbidden
        Pairs of a domain and a combination; sorted.
    """

    domains: Domains
    forbidden: tuple[tuple[int, Combination], ...] = ()


Relation = Exclusion | Attraction | Spread | Quota | Together | Clash


def involved(relation: Relation) -> frozenset[int]:
    """Return the classes whose places the relation depends on."""
    match relation:
        case Exclusion():
            return frozenset((*relation.carriers, *relation.targets))
        case Attraction():
            return frozenset((*relation.needy, *relation.providers))
        case Spread():
            return frozenset((*relation.carriers, *relation.counted))
        case Quota():
            return frozenset(c for c, _ in relation.units)
        case Together():
            return frozenset(relation.classes)
        case Clash():
            return frozenset(c for _, pods in relation.forbidden for c, _ in pods)
