"""What of a cluster a policy's decisions have anything to do with."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from restow.cluster.label_index import Labelled
from restow.cluster.objects import Pod, Workload
from restow.cluster.selectors import matches
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import LabelSelector
from restow.core.frozen import Labels
from restow.core.ids import Uid
from restow.policies.coverage import Policy, refuses_node


def concerning(snapshot: Snapshot, policy: Policy) -> Snapshot:
    """Return the snapshot without what only surrounds pods on nodes of others.

    Namespaces and controllers stay when a pod without a node, or one on a node that the policy
    covers, belongs to them; budgets when they select one of the latter. All nodes, pods and
    priority classes stay.
    """
    covered = {name for name, node in snapshot.nodes.items() if refuses_node(policy, node) is None}
    pods = tuple(pod for pod in snapshot.pods.values() if pod.node is None or pod.node in covered)
    namespaces = {pod.key.namespace for pod in pods}
    controllers = {each.uid for pod in pods for each in _above(pod, snapshot.workloads)}
    seated = _labels(pod for pod in pods if pod.node is not None)
    return replace(
        snapshot,
        budgets={
            key: budget
            for key, budget in snapshot.budgets.items()
            if budget.selector is not None
            and key.namespace in seated
            and _selects_any(budget.selector, seated[key.namespace])
        },
        workloads={uid: each for uid, each in snapshot.workloads.items() if uid in controllers},
        namespaces={name: each for name, each in snapshot.namespaces.items() if name in namespaces},
    )


def _above(pod: Pod, workloads: Mapping[Uid, Workload]) -> Iterator[Workload]:
    """Yield the pod's controller, that one's controller, and so on."""
    owner, seen = pod.owner, set[Uid]()
    while owner is not None and owner.uid in workloads and owner.uid not in seen:
        seen.add(owner.uid)
        yield workloads[owner.uid]
        owner = workloads[owner.uid].owner


def _labels(pods: Iterable[Pod]) -> Mapping[str, Labelled[Labels]]:
    """Return the labels of the pods, per namespace."""
    found: dict[str, set[Labels]] = {}
    for pod in pods:
        found.setdefault(pod.key.namespace, set()).add(pod.labels)
    return {name: Labelled([(each, each) for each in labels]) for name, labels in found.items()}


def _selects_any(selector: LabelSelector, labels: Labelled[Labels]) -> bool:
    return any(matches(selector, each) for each in labels.likely(selector))
