"""The nodes of a cluster as kube-scheduler counts them for one pod."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from restow.cluster.objects import Node
from restow.core.ids import NodeName
from restow.core.reasons import Reason, Refusal
from restow.rules.survey import Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nodes that say no in the same words.

    Parameters
    ----------
    counted
        By which texts kube-scheduler counts each of them; empty for restow's own caution.
    messages
        What restow says of them, without repetition, most nodes first.
    nodes
        Their names, sorted.
    """

    reason: Reason
    counted: tuple[str, ...]
    messages: tuple[str, ...]
    nodes: tuple[NodeName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What every node says of a pod at this moment.

    Parameters
    ----------
    nodes
        Number of nodes.
    available
        The nodes that kube-scheduler would take, sorted.
    everywhere
        A no to all nodes before any is asked, or an error of one that ends the attempt for all;
        None when each speaks for itself.
    tally
        (text, nodes) as in "0/N nodes are available: …", in that order.
    refused
        The nodes that are not available, by what they say; most nodes first.
    """

    nodes: int
    available: tuple[NodeName, ...]
    everywhere: Refusal | None
    tally: tuple[tuple[str, int], ...]
    refused: tuple[Refused, ...]

    @property
    def sentence(self) -> str:
        """The sentence of kube-scheduler's FailedScheduling, and of its condition PodScheduled.

        Source: `pkg/scheduler/framework/types.go: FitError.Error`.
        """
        if not self.nodes:
            return "no nodes available to schedule pods"
        head = f"{len(self.available)}/{self.nodes} nodes are available"
        if self.everywhere is not None and self.everywhere.aborts:
            return f"{', '.join(self.everywhere.upstream)}."
        if self.everywhere is not None:
            return f"{head}: {', '.join(self.everywhere.upstream) or self.everywhere.message}."
        texts = ", ".join(f"{number} {text}" for text, number in self.tally)
        return f"{head}: {texts}." if texts else f"{head}."


def count_nodes(survey: Survey, nodes: Iterable[Node]) -> Count:
    """Return what the nodes say of the survey's pod."""
    names = sorted(node.name for node in nodes)
    said = {name: no for name in names if (no := survey.refusal(name)) is not None}
    everywhere = survey.everywhere or next(iter(survey.aborted), None)
    tally = sorted(survey.tally().items(), key=lambda each: f"{each[1]} {each[0]}")
    return Count(
        nodes=len(names),
        available=() if everywhere else tuple(name for name in names if name not in said),
        everywhere=everywhere,
        tally=tuple(tally),
        refused=_grouped(said),
    )


def _grouped(said: dict[NodeName, Refusal]) -> tuple[Refused, ...]:
    groups: dict[tuple[Reason, tuple[str, ...]], list[NodeName]] = {}
    for name, no in said.items():
        groups.setdefault((no.reason, no.upstream), []).append(name)
    found = [
        Refused(
            reason=reason,
            counted=counted,
            messages=tuple(
                text for text, _ in Counter(said[name].message for name in names).most_common()
            ),
            nodes=tuple(names),
        )
        for (reason, counted), names in groups.items()
    ]
    return tuple(sorted(found, key=lambda each: (-len(each.nodes), each.counted, each.nodes)))
