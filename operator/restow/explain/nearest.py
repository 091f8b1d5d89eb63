"""The nodes that come nearest to taking a pod, and what each lacks."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from restow.cluster.objects import Node, Pod
from restow.core.ids import NodeName
from restow.core.reasons import Reason, Refusal
from restow.explain.amounts import amount
from restow.explain.boards import Verdicts
from restow.explain.kinds import kind_of
from restow.explain.words import listed

MOST = 3
"""Groups of nodes that are told of: the next step is asked for, not a list of the cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Nodes that lack the same.

    Parameters
    ----------
    nodes
        Their names, sorted.
    kind
        What a person would call the first of them, such as its GPU's product; empty if unknown.
    lacks
        Everything that keeps the pod off them now, in words, in kube-scheduler's order.
    remains
        The part of it that would remain if all that may move were gone; empty when they would fit.
    staying
        (reason, pods) of what stays there, most pods first; empty when nothing remains.
    """

    nodes: tuple[NodeName, ...]
    kind: str
    lacks: tuple[str, ...]
    remains: tuple[str, ...]
    staying: tuple[tuple[Reason, int], ...]

    @property
    def sentence(self) -> str:
        """What they lack, and whether a move can help."""
        kind = f" ({self.kind})" if self.kind else ""
        return f"{listed(self.nodes)}{kind}: {'; '.join(self.lacks)}{self._hope}"

    @property
    def _hope(self) -> str:
        if not self.remains:
            return ", and would fit if all that may move were gone"
        stays = ", ".join(f"{number} {reason.value}" for reason, number in self.staying)
        held = f" (pods that stay there: {stays})" if stays else ""
        if self.remains == self.lacks:
            return f", whatever moves{held}"
        return f", and still {'; '.join(self.remains)} if all that may move were gone{held}"


_Words = tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[Reason, int], ...]]
_Distance = tuple[int, float, int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """Looks at nodes for one pod.

    Parameters
    ----------
    now, cleared
        The rules' word on the cluster as it is, and without what may move.
    caution
        Restow's own no to nodes, beyond kube-scheduler's rules.
    fixed
        Why the pods that stay on a node do so.
    """

    pod: Pod
    now: Verdicts
    cleared: Verdicts
    caution: dict[NodeName, Refusal]
    fixed: dict[NodeName, tuple[Reason, ...]]

    def nearest(self, nodes: Iterable[Node]) -> tuple[Near, ...]:
        """Return the `MOST` groups of `nodes` that come nearest, nearest first; none if one fits.

        What no move heals counts most: how many rules, then how short; then the same as it is now.
        """
        nodes = tuple(nodes)
        groups: dict[_Words, list[NodeName]] = {}
        far: dict[_Words, _Distance] = {}
        for node in nodes:
            words, distance = self._look(node)
            groups.setdefault(words, []).append(node.name)
            far[words] = min(distance, far.get(words, distance))
        if any(not lacks for lacks, _, _ in groups):
            return ()
        ranked = sorted(groups, key=lambda words: (far[words], min(groups[words])))[:MOST]
        kinds = {node.name: kind_of(node) for node in nodes}
        return tuple(
            Near(
                nodes=tuple(sorted(groups[words])),
                kind=kinds[min(groups[words])],
                lacks=words[0],
                remains=words[1],
                staying=words[2],
            )
            for words in ranked
        )

    def _look(self, node: Node) -> tuple[_Words, _Distance]:
        lacks, far = self._lacking(node, self.now)
        remains, still_far = self._lacking(node, self.cleared)
        staying = Counter(self.fixed.get(node.name, ())) if remains else Counter[Reason]()
        ranked = sorted(staying.items(), key=lambda each: (-each[1], each[0]))
        return (lacks, remains, tuple(ranked)), (*still_far, *far)

    def _lacking(self, node: Node, verdicts: Verdicts) -> tuple[tuple[str, ...], tuple[int, float]]:
        """Return all that the node lacks, in words, and how far that is.

        Rules that refuse it weigh more than what is short, which counts against the requests.
        """
        words: list[str] = []
        rules, short = 0, 0.0
        for no in verdicts.of(node.name):
            if no.reason is Reason.INSUFFICIENT_RESOURCE:
                lacking = self.pod.requests.lacking(verdicts.board.free(node.name))
                short = sum(lack / self.pod.requests.of(name) for name, lack in lacking.items())
                words += [f"{amount(*item)} short" for item in lacking.items()] or [no.message]
            else:
                words.append(no.message)
                rules += 1
        own = self.caution.get(node.name)
        if own is not None and own.message not in words:
            words.append(own.message)
            rules += 1
        return tuple(words), (rules, short)
