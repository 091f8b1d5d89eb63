"""The real kube-scheduler, asked about one pod after another.

The control plane has no controller manager and no KWOK, so that nothing but kube-scheduler changes
what a scene put there. The pods are asked about one at a time: what kube-scheduler has just placed
is in its cache, what it refused is deleted before the next comes, and its watch of pods tells both
in order.
"""

import json
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Final

from urllib3.exceptions import ProtocolError

from e2e.client import ApiError, Client, Json, path
from e2e.cluster.local import LocalCluster
from e2e.conform import documents
from e2e.conform.documents import KEPT, KINDS, REPORTED
from e2e.conform.scene import Probe, Recorded, Scene, Verdict

CONTROL_PLANE: Final = (
    f"--config={Path(__file__).with_name('controlplane.yaml')}",
    "--disable=kube-controller-manager,kwok-controller",
)
SETTLE_S: Final = 0.15
"""For kube-scheduler's other watches to bring what the pods depend on: nothing says that they have.
`asking.asked` asks about a disagreement again, so that too little costs time, not truth."""

INVALID: Final = (403, 404, 422)
"""Answers to objects that no cluster takes: a case that kube-scheduler never sees."""

VERDICT_S: Final = 20.0
FREED: Final = " of ResourceClaim completed"
GATE: Final = "conform.restow.dev/claims"


class NoVerdictError(RuntimeError):
    """kube-scheduler said nothing about a pod in time."""


class Oracle:
    """Asks the kube-scheduler of one control plane."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._pool = ThreadPoolExecutor(max_workers=6)
        self._seen: Queue[Json] = Queue()
        self._served = _served(client)
        version = client.request("GET", path("Pod"))["metadata"]["resourceVersion"]
        threading.Thread(target=self._watch, args=(version,), daemon=True).start()

    def judge(self, scene: Scene, *, settle_s: float = SETTLE_S) -> Recorded:
        """Make the scene, let it settle, ask about its pods in order, remove it.

        It ends early when a pod found a place whose volumes a controller would now have to bind, or
        whose devices a driver would have to make ready: kube-scheduler waits for that, and restow
        does not look at a cluster in such a state. Also when a claim was freed for a refused pod,
        which kube-scheduler then takes up again at once.
        """
        self._lay(scene.objects)
        time.sleep(settle_s)
        objects = self._read()
        known = {each["metadata"]["uid"]: documents.version(each) for each in objects}
        verdicts = []
        try:
            for probe in scene.probes:
                try:
                    verdict, is_open = self._ask(probe, known)
                except ApiError as error:
                    if error.status not in INVALID:
                        raise
                    print(probe.topics, error, file=sys.stderr)
                    continue
                verdicts.append(verdict)
                if is_open:
                    break
        finally:
            self._clear()
        return Recorded(name=scene.name, objects=objects, verdicts=tuple(verdicts))

    def _lay(self, objects: Iterable[Json]) -> None:
        by_kind: dict[str, list[Json]] = {}
        for each in objects:
            by_kind.setdefault(each["kind"], []).append(each)
        for kind in KINDS:
            list(self._pool.map(self._create, by_kind.get(kind, ())))

    def _create(self, manifest: Json) -> Json | None:
        kind, meta = manifest["kind"], manifest["metadata"]
        try:
            made = self._client.create(manifest)
        except ApiError as error:
            if (error.status == 409 and kind in KEPT) or error.status in INVALID:
                return None
            raise
        if kind in REPORTED and "status" in manifest:
            made = self._client.patch(
                kind,
                meta["name"],
                {"status": manifest["status"]},
                namespace=meta.get("namespace"),
                part="status",
            )
        if meta.get("deletionTimestamp"):  # it is leaving, and no kubelet lets it go
            self._client.delete(kind, meta["name"], namespace=meta.get("namespace"), grace_s=600)
        return made

    def _read(self) -> tuple[Json, ...]:
        lists = self._pool.map(self._client.list, self._served)
        return tuple(
            {**each, "kind": kind}
            for kind, found in zip(self._served, lists, strict=True)
            for each in map(documents.slim, found)
        )

    def _ask(self, probe: Probe, known: dict[str, str]) -> tuple[Verdict, bool]:
        name, namespace = probe.pod["metadata"]["name"], probe.pod["metadata"]["namespace"]
        uid, came = self._put(probe, known)
        pod = self._judged(uid)
        node = pod["spec"].get("nodeName") or pod["status"].get("nominatedNodeName")
        is_open = bool(node) and not pod["spec"].get("nodeName")
        claiming = documents.claims(probe.pod)
        if is_open and claiming:
            is_open = not self._bound(uid, namespace)  # claims are written, then it is bound
        condition = documents.condition(pod)
        if not node:
            self._client.delete("Pod", name, namespace=namespace, grace_s=0)
        is_open |= FREED in condition.get("message", "")
        changed = self._changed(namespace, known) if claiming else ()
        verdict = Verdict(
            pod={**documents.slim(documents.before(pod)), "kind": "Pod"},
            topics=probe.topics,
            node=node or None,
            reason="" if node else condition.get("reason", ""),
            message="" if node else condition.get("message", ""),
            changed=changed,
            came=came,
        )
        return verdict, is_open

    def _changed(self, namespace: str, known: dict[str, str]) -> tuple[Json, ...]:
        """Return the claims that are not as they were known, and know them."""
        found = [
            {**documents.slim(each), "kind": "ResourceClaim"}
            for each in self._client.list("ResourceClaim", namespace)
            if known.get(each["metadata"]["uid"]) != documents.version(each)
        ]
        known.update((each["metadata"]["uid"], documents.version(each)) for each in found)
        return tuple(found)

    def _bound(self, uid: str, namespace: str) -> bool:
        """Wait until the pod is bound; False when only conditions of its devices keep it waiting.

        Nobody sets those: kube-scheduler has written the claims and waits for ten minutes.
        """
        deadline = time.monotonic() + VERDICT_S
        while time.monotonic() < deadline:
            with suppress(NoVerdictError):
                self._judged(uid, bound=True, wait_s=SETTLE_S)
                return True
            if any(
                documents.waits(each, uid) for each in self._client.list("ResourceClaim", namespace)
            ):
                return False
        raise NoVerdictError(f"pod {uid} was given a node, but not bound")

    def _put(self, probe: Probe, known: dict[str, str]) -> tuple[str, tuple[Json, ...]]:
        """Create the pod; return its uid, and the claims made of its templates."""
        meta = probe.pod["metadata"]
        for each in probe.pod["spec"].get("resourceClaims", ()):
            if "resourceClaimName" in each:  # kube-scheduler says nothing of one that is missing
                self._client.get("ResourceClaim", each["resourceClaimName"], meta["namespace"])
        if not probe.generated:
            return str(self._client.create(probe.pod)["metadata"]["uid"]), ()
        made = {
            each["name"]: self._template(each["resourceClaimTemplateName"], meta["namespace"])
            for each in probe.pod["spec"]["resourceClaims"]
            if each["name"] in probe.generated
        }
        gates = [*probe.pod["spec"].get("schedulingGates", ()), {"name": GATE}]
        gated = {**probe.pod, "spec": {**probe.pod["spec"], "schedulingGates": gates}}
        uid = str(self._client.create(gated)["metadata"]["uid"])
        for name, spec in made.items():
            self._generate(probe.generated[name], spec, gated, uid)
        statuses = [
            {"name": name, "resourceClaimName": claim} for name, claim in probe.generated.items()
        ]
        where = {"namespace": meta["namespace"]}
        status = {"status": {"resourceClaimStatuses": statuses}}
        self._client.patch("Pod", meta["name"], status, **where, part="status")
        came = self._changed(meta["namespace"], known)
        freed = {"spec": {"schedulingGates": gates[:-1] or None}}
        self._client.patch("Pod", meta["name"], freed, **where)
        return uid, came

    def _template(self, name: str, namespace: str) -> Json:
        """Return what the claims of a template ask for."""
        found: Json = self._client.get("ResourceClaimTemplate", name, namespace)["spec"]["spec"]
        return found

    def _generate(self, name: str, spec: Json, pod: Json, uid: str) -> None:
        """Make the claim of a template for the pod, as the claim controller does."""
        meta = pod["metadata"]
        owner = {"apiVersion": "v1", "kind": "Pod", "name": meta["name"], "uid": uid}
        self._client.create(
            {
                "apiVersion": "resource.k8s.io/v1",
                "kind": "ResourceClaim",
                "metadata": {
                    "name": name,
                    "namespace": meta["namespace"],
                    "ownerReferences": [owner | {"controller": True}],
                },
                "spec": spec,
            }
        )

    def _judged(self, uid: str, *, bound: bool = False, wait_s: float = VERDICT_S) -> Json:
        """Wait until kube-scheduler has said something about the pod, or until it is bound."""
        deadline = time.monotonic() + wait_s
        while True:
            try:
                pod = self._seen.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                raise NoVerdictError(f"no verdict on pod {uid}") from None
            if pod["metadata"]["uid"] != uid:  # late news of another
                continue
            status = pod.get("status", {})
            if pod["spec"].get("nodeName"):
                return pod
            gates = pod["spec"].get("schedulingGates", ())
            if bound or any(each["name"] == GATE for each in gates):
                continue
            reason = documents.condition(pod).get("reason")
            if status.get("nominatedNodeName") or (
                reason and (gates or reason != "SchedulingGated")
            ):
                return pod

    def _clear(self) -> None:
        for kind in reversed(self._served):
            if kind in KEPT:
                continue
            found = self._client.list(kind)
            list(self._pool.map(lambda each, kind=kind: self._remove(kind, each), found))

    def _remove(self, kind: str, each: Json) -> None:
        meta = each["metadata"]
        where = {"namespace": meta.get("namespace")}
        if meta.get("finalizers"):
            self._client.patch(kind, meta["name"], {"metadata": {"finalizers": None}}, **where)
        self._client.delete(kind, meta["name"], **where, grace_s=0)

    def _watch(self, version: str) -> None:
        with suppress(ProtocolError):  # the control plane ends
            self._follow(version)

    def _follow(self, version: str) -> None:
        query = {"watch": "true", "resourceVersion": version, "timeoutSeconds": "86400"}
        rest = b""
        for chunk in self._client.stream(path("Pod"), query).stream(amt=None):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in filter(None, lines):
                event = json.loads(line)
                if event["type"] in ("ADDED", "MODIFIED"):
                    self._seen.put(event["object"])


@contextmanager
def oracle() -> Iterator[Oracle]:
    """Start a control plane of its own and stop it afterwards."""
    backend = LocalCluster(CONTROL_PLANE)
    try:
        client = Client(backend.create())
        yield Oracle(client)
        client.close()
    finally:
        backend.delete()


def _served(client: Client) -> tuple[str, ...]:
    served = []
    for kind in KINDS:
        try:
            client.list(kind)
        except ApiError as error:
            if error.status != 404:
                raise
        else:
            served.append(kind)
    return tuple(served)
