"""The chart's admission policy in a real API server: whom it gates, and whom it leaves alone."""

import json
from collections.abc import Iterator

import pytest

from e2e.client import Client, Json
from e2e.release import NAMESPACE, Release
from e2e.waiting import eventually
from restow.core import marks

pytestmark = pytest.mark.cluster

MOVING, RESTING = "11111111-0000-0000-0000-000000000000", "22222222-0000-0000-0000-000000000000"
OURS = {"name": marks.GATE}


@pytest.fixture
def api(cluster: Client, release: Release) -> Client:
    """A cluster with the chart."""
    release.pod()
    return cluster


@pytest.fixture
def armed(api: Client) -> Iterator[None]:
    """The gate, in force for `MOVING` and one more owner."""
    api.create(
        {
            "apiVersion": "restow.dev/v1alpha1",
            "kind": "PlacementGate",
            "metadata": {
                "name": marks.PLACEMENT_GATE,
                "namespace": NAMESPACE,
                "labels": {marks.GATE_LABEL: "armed"},
            },
            "spec": {"plan": "plan-1", "owners": ["33333333", MOVING]},
        }
    )
    try:
        eventually(lambda: gates(created(api)) == [OURS], within_s=10, what="the gate is in force")
        yield
    finally:
        api.delete("PlacementGate", marks.PLACEMENT_GATE, namespace=NAMESPACE)
        eventually(lambda: gates(created(api)) == [], within_s=10, what="the gate is gone")


def created(
    api: Client,
    *,
    uid: str = MOVING,
    controller: bool = True,
    spec: Json | None = None,
    annotations: dict[str, str] | None = None,
) -> Json:
    """Return the pod that the API server would make for a controller's request."""
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": uid}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": "web-",
            "namespace": "default",
            "annotations": annotations or {},
            "ownerReferences": [owner | {"controller": controller}],
        },
        "spec": {"containers": [{"name": "c", "image": "x"}]} | (spec or {}),
    }
    return api.request("POST", "/api/v1/namespaces/default/pods", query={"dryRun": "All"}, body=pod)


def gates(pod: Json) -> list[Json]:
    found: list[Json] = pod["spec"].get("schedulingGates", [])
    return found


@pytest.mark.usefixtures("armed")
def test_replacement_is_gated_and_marked_with_the_plan(api: Client) -> None:
    pod = created(api)
    assert gates(pod) == [OURS]
    assert pod["metadata"]["annotations"] == {marks.PLAN: "plan-1"}


@pytest.mark.usefixtures("armed")
def test_gates_and_annotations_of_the_pod_itself_stay(api: Client) -> None:
    own = {"schedulingGates": [{"name": "theirs.dev/gate"}]}
    pod = created(api, spec=own, annotations={"keep": "me"})
    assert gates(pod) == [{"name": "theirs.dev/gate"}, OURS]
    assert pod["metadata"]["annotations"] == {"keep": "me", marks.PLAN: "plan-1"}


@pytest.mark.usefixtures("armed")
def test_pod_that_carries_the_gate_already_carries_it_once(api: Client) -> None:
    assert gates(created(api, spec={"schedulingGates": [OURS]})) == [OURS]


@pytest.mark.usefixtures("armed")
@pytest.mark.parametrize(
    "request_of",
    [
        {"uid": RESTING},
        {"uid": MOVING[:-1]},
        {"controller": False},
        {"spec": {"nodeName": "n1"}},
    ],
    ids=["another owner", "a part of the uid", "not its controller", "bound already"],
)
def test_other_pods_are_left_alone(api: Client, request_of: Json) -> None:
    pod = created(api, **request_of)
    assert gates(pod) == []
    assert marks.PLAN not in pod["metadata"].get("annotations", {})


@pytest.mark.usefixtures("armed")
def test_gate_without_owners_touches_no_pod(api: Client) -> None:
    api.patch(
        "PlacementGate", marks.PLACEMENT_GATE, {"spec": {"owners": None}}, namespace=NAMESPACE
    )
    eventually(lambda: gates(created(api)) == [], within_s=10, what="the parameter is seen")


@pytest.mark.usefixtures("armed")
def test_gate_holds_again_after_its_policy_was_removed_and_installed_anew(api: Client) -> None:
    """With a built-in kind as parameter the API server would not follow it any more."""
    policy, binding = (
        json.loads(api.kubectl("get", "-ojson", f"{kind}/{marks.PLACEMENT_GATE}"))
        for kind in ("mutatingadmissionpolicy", "mutatingadmissionpolicybinding")
    )
    api.kubectl("delete", "-f-", stdin=json.dumps(binding))
    api.kubectl("delete", "-f-", stdin=json.dumps(policy))
    try:
        eventually(lambda: gates(created(api)) == [], within_s=10, what="the policy is gone")
    finally:
        for each in (policy, binding):
            kept = {"name": marks.PLACEMENT_GATE} | {
                key: each["metadata"].get(key, {}) for key in ("labels", "annotations")
            }
            api.kubectl("create", "-f-", stdin=json.dumps(each | {"metadata": kept}))
    eventually(lambda: gates(created(api)) == [OURS], within_s=20, what="the gate is back")


def test_no_pod_is_touched_while_disarmed(api: Client) -> None:
    pod = created(api)
    assert gates(pod) == []
    assert marks.PLAN not in pod["metadata"].get("annotations", {})
