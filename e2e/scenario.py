"""One scenario's hold on a cluster: what it put there, and how to look at it and clean it up."""

import json
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import yaml

from e2e.client import ApiError, Client, CommandError, Json
from e2e.cluster.current import OURS
from e2e.cluster.workdir import ROOT
from e2e.mirror import Mirrors
from e2e.waiting import eventually

SAMPLES: Final = ROOT / "manifests" / "samples"
RUN_S: Final = 60
GONE_S: Final = 60


class Scenario:
    """A namespace of its own in a cluster, and the nodes and policies that were applied for it."""

    def __init__(self, client: Client, mirrors: Mirrors) -> None:
        self.client = client
        self.mirrors = mirrors
        self.namespace = f"e2e-{secrets.token_hex(3)}"
        self._applied: list[tuple[str, str]] = []
        client.create(
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": self.namespace, "labels": {OURS: "true"}},
            }
        )

    def apply(self, *manifests: Json) -> None:
        """Apply objects; those without a namespace go into the scenario's own."""
        self._apply("-", json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests}))

    def apply_file(self, file: Path) -> None:
        """Apply a file, or every file of a directory, as `kubectl apply -f` does."""
        self._apply(str(file), None)

    def apply_sample(self, name: str, *parts: str) -> None:
        """Apply files of a sample in `manifests/samples`, such as `cluster` and `running`."""
        for part in parts:
            self.apply_file(SAMPLES / name / f"{part}.yaml")

    def read_sample(self, name: str, part: str) -> list[Json]:
        """Return the objects of a sample's file, to be applied with a change."""
        text = (SAMPLES / name / f"{part}.yaml").read_text()
        return [item for item in yaml.safe_load_all(text) if item]

    def stage(self, sample: str) -> None:
        """Bring a sample to where its story begins: nodes are ready, and all that ran runs."""
        self.apply_sample(sample, "cluster")
        self.wait_nodes_ready()
        if (SAMPLES / sample / "running.yaml").exists():
            self.apply_sample(sample, "running")
            wanted = sum(
                item["spec"]["replicas"] for item in self.client.list("Deployment", self.namespace)
            )
            self.wait_running(wanted)

    def scale(self, deployment: str, replicas: int) -> None:
        """Give a Deployment another number of replicas."""
        body = {"spec": {"replicas": replicas}}
        self.client.patch("Deployment", deployment, body, namespace=self.namespace)

    def slow_down(self, terminate_after: str) -> None:
        """Let every pod that there is now take some time to end."""
        annotations = {"e2e.restow.dev/terminate-after": terminate_after}
        for pod in self.pods():
            self.client.patch(
                "Pod",
                pod["metadata"]["name"],
                {"metadata": {"annotations": annotations}},
                namespace=self.namespace,
            )

    def wait_nodes_ready(self) -> None:
        """Wait until every node is Ready and the taints that new nodes begin with are gone."""
        eventually(
            lambda: [
                node["metadata"]["name"]
                for node in self.nodes()
                if not is_ready(node) or is_tainted_as_new(node)
            ],
            within_s=RUN_S,
            what="all nodes are Ready, and open to pods",
            until=lambda late: not late,
        )

    def nodes(self) -> list[Json]:
        """Return the nodes of the cluster."""
        return self.client.list("Node")

    def pods(self, labels: str = "") -> list[Json]:
        """Return the scenario's pods that are not on their way out."""
        found = self.client.list("Pod", self.namespace, labels=labels)
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def places(self, labels: str = "") -> dict[str, str | None]:
        """Return, per pod of the scenario, the node it is on."""
        return {pod["metadata"]["name"]: node_of(pod) for pod in self.pods(labels)}

    def wait_running(self, count: int, labels: str = "", *, within_s: float = RUN_S) -> list[Json]:
        """Wait until exactly `count` pods match and all run; return them."""
        return self.wait_pods(
            lambda pods: len(pods) == count and all(map(is_running, pods)),
            labels=labels,
            within_s=within_s,
            what=f"{count} pods run ({labels})",
        )

    def wait_unschedulable(self, labels: str, *, within_s: float = RUN_S) -> list[Json]:
        """Wait until kube-scheduler has given up on the pods that match; return them."""
        return self.wait_pods(
            lambda pods: bool(pods) and all(why_unschedulable(pod) for pod in pods),
            labels=labels,
            within_s=within_s,
            what=f"kube-scheduler gives up on {labels}",
        )

    def wait_pods(
        self, until: Callable[[list[Json]], bool], *, labels: str, within_s: float, what: str
    ) -> list[Json]:
        """Wait until the scenario's pods satisfy a condition; return them."""
        try:
            return eventually(lambda: self.pods(labels), within_s=within_s, what=what, until=until)
        except AssertionError:
            seen = "\n".join(map(describe, self.pods()))
            raise AssertionError(f"not within {within_s:g} s: {what}; pods:\n{seen}") from None

    def plans(self) -> list[Json]:
        """Return restow's plans, oldest first."""
        plans = self.client.list("PackingPlan")
        return sorted(plans, key=lambda plan: str(plan["metadata"]["creationTimestamp"]))

    def events(self, *, name: str | None = None, reason: str | None = None) -> list[Json]:
        """Return the Events on the scenario's objects and on nodes."""
        return [
            event
            for event in self.client.list("Event")
            if event["involvedObject"].get("namespace", self.namespace) == self.namespace
            and name in (None, event["involvedObject"].get("name"))
            and reason in (None, event.get("reason"))
        ]

    def clean(self) -> None:
        """Remove everything the scenario applied; no pod is left, and the namespace is going."""
        self.client.delete("Namespace", self.namespace)
        for kind, name in reversed(self._applied):
            if kind != "Node":
                self._delete_quietly(kind, name)
        for plan in self._found("PackingPlan"):
            self.client.delete("PackingPlan", plan["metadata"]["name"])
        eventually(self._pods_left, within_s=GONE_S, what="pods gone", until=lambda left: not left)
        for kind, name in self._applied:
            if kind == "Node":
                self.client.delete(kind, name)

    def _apply(self, file: str, stdin: str | None) -> None:
        done = self.client.kubectl(
            "apply", f"--namespace={self.namespace}", f"--filename={file}", "-ojson", stdin=stdin
        )
        answer = json.loads(done)
        for item in answer.get("items", [answer]):
            if "namespace" not in item["metadata"]:
                self._applied.append((item["kind"], item["metadata"]["name"]))

    def _pods_left(self) -> list[str]:
        left = self.client.list("Pod", self.namespace)
        for pod in left:  # those that play a slow end would hold the next scenario up
            self.client.delete("Pod", pod["metadata"]["name"], namespace=self.namespace, grace_s=0)
        return [pod["metadata"]["name"] for pod in left]

    def _found(self, kind: str) -> Iterable[Json]:
        try:
            return self.client.list(kind)
        except ApiError as error:
            if error.status == 404:  # the chart is not installed here
                return []
            raise

    def _delete_quietly(self, kind: str, name: str) -> None:
        try:
            self.client.kubectl("delete", kind, name, "--ignore-not-found", "--wait=false")
        except CommandError as error:
            if "doesn't have a resource type" not in str(error):
                raise


def node_of(pod: Json) -> str | None:
    """Return the node a pod is bound to."""
    found: str | None = pod["spec"].get("nodeName")
    return found


def is_running(pod: Json) -> bool:
    """Return whether a pod runs."""
    return bool(pod["status"].get("phase") == "Running")


def is_ready(item: Json) -> bool:
    """Return whether a node or a pod has the condition Ready."""
    return any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in item["status"].get("conditions", ())
    )


def is_tainted_as_new(node: Json) -> bool:
    """Return whether a node has the taint that goes a moment after its kubelet says Ready."""
    return any(
        taint["key"] == "node.kubernetes.io/not-ready" for taint in node["spec"].get("taints", ())
    )


def why_unschedulable(pod: Json) -> str:
    """Return what kube-scheduler says of a pod it gave up on, empty if it did not."""
    for condition in pod["status"].get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable":
            return str(condition.get("message") or "Unschedulable")
    return ""


def describe(pod: Json) -> str:
    """Return one line on a pod, for people."""
    nominated = pod["status"].get("nominatedNodeName")
    words = [pod["metadata"]["name"], str(pod["status"].get("phase")), node_of(pod) or "-"]
    if nominated:
        words.append(f"nominated to {nominated}")
    return "  " + " ".join([*words, why_unschedulable(pod)])
