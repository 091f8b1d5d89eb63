"""Requests as values: what is asked of the API server, without one."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from restow.cluster.objects import HostPort, OwnerRef
from restow.core.frozen import Amounts
from restow.core.ids import NodeName, ObjectKey, PodRef, Uid
from restow.executors import events, gate, placeholders, pods
from restow.executors.answers import Answer
from restow.executors.calls import Call
from restow.planning.acts import Placeholder

POD = PodRef(ObjectKey("x", "a"), Uid("u"))


@pytest.mark.parametrize(
    "call",
    [pods.nominate(POD, NodeName("n"), "plan"), pods.withdraw(POD), pods.release(POD)],
    ids=["nominate", "withdraw", "release"],
)
def test_every_patch_is_for_this_incarnation_only(call: Call) -> None:
    assert isinstance(call.body, dict)
    assert call.body["metadata"]["uid"] == "u"


def test_nomination_and_mark_are_one_patch() -> None:
    call = pods.nominate(POD, NodeName("n"), "plan")
    assert call.path == "/api/v1/namespaces/x/pods/a/status"
    assert call.body == {
        "metadata": {"uid": "u", "annotations": {"restow.dev/plan": "plan"}},
        "status": {"nominatedNodeName": "n"},
    }


def test_gate_belongs_to_the_operators_pod() -> None:
    call = gate.arm("ns", "plan", [Uid("b"), Uid("a")], ("me", Uid("1")))
    assert isinstance(call.body, dict)
    assert call.body["spec"] == {"plan": "plan", "owners": ["a", "b"]}
    assert call.body["metadata"]["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "Pod", "name": "me", "uid": "1"}
    ]
    bare = gate.arm("ns", "plan", [], None)
    assert isinstance(bare.body, dict)
    assert "ownerReferences" not in bare.body["metadata"]


def test_proof_is_a_dry_run_in_the_own_namespace() -> None:
    owner = OwnerRef(kind="ReplicaSet", name="rs", uid=Uid("o"), api_version="apps/v1")
    call = gate.proof("ns", owner)
    assert call.path == "/api/v1/namespaces/ns/pods"
    assert call.query["dryRun"] == "All"


def test_placeholder_is_gated_has_its_size_and_goes_with_the_operators_pod() -> None:
    held = Placeholder(
        node=NodeName("n"),
        priority=5,
        requests=Amounts({"cpu": 1500, "memory": 1024}),
        host_ports=(HostPort(port=80),),
    )
    call = placeholders.create("ns", "plan", held, "high", ("me", Uid("1")))
    assert isinstance(call.body, dict)
    meta, spec = call.body["metadata"], call.body["spec"]
    assert meta["annotations"] == {"restow.dev/plan": "plan"}
    assert meta["ownerReferences"][0]["uid"] == "1"
    assert spec["schedulingGates"] == [{"name": "restow.dev/hold"}]
    assert spec["priorityClassName"] == "high"
    (container,) = spec["containers"]
    amounts = {"cpu": "1500m", "memory": "1024"}
    assert container["resources"] == {"requests": amounts, "limits": amounts}
    assert container["ports"][0]["hostPort"] == 80
    nomination = placeholders.nominate("ns", "plan", held)
    assert nomination.path == f"{call.path}/{meta['name']}/status"
    other = placeholders.create("ns", "plan", replace(held, priority=6), "", None)
    assert isinstance(other.body, dict)
    assert other.body["metadata"]["name"] != meta["name"]
    assert "priorityClassName" not in other.body["spec"]


@pytest.mark.parametrize(
    ("gates", "marks", "says"),
    [
        (["restow.dev/place"], {"restow.dev/plan": "p"}, None),
        (["other", "restow.dev/place"], {"restow.dev/plan": "p", "a": "b"}, None),
        ([], {"restow.dev/plan": "p"}, "would not carry the gate"),
        (["restow.dev/place"], {}, "the mark None instead of 'p'"),
        (["restow.dev/place"], {"restow.dev/plan": "q"}, "the mark 'q' instead of 'p'"),
    ],
)
def test_proof_needs_gate_and_mark(
    gates: list[str], marks: dict[str, str], says: str | None
) -> None:
    pod = {
        "metadata": {"annotations": marks},
        "spec": {"schedulingGates": [{"name": name} for name in gates]},
    }
    missing = gate.missing(Answer(status=201, body=json.dumps(pod).encode()), "p")
    assert (says is None) == (missing is None)
    assert (says or "") in (missing or "")


@dataclass
class Said:
    kind: str = "Pod"
    key: ObjectKey = ObjectKey("x", "a")  # noqa: RUF009 - immutable
    uid: Uid = Uid("u")  # noqa: RUF009 - a NewType
    tone: str = "Warning"
    reason: str = "NoRoom"
    action: str = "Place"
    message: str = "no room"


def test_event_is_about_the_object() -> None:
    call = events.event(Said(), instance="me", now=datetime(2026, 1, 1, tzinfo=UTC))
    assert isinstance(call.body, dict)
    assert call.path == "/apis/events.k8s.io/v1/namespaces/x/events"
    assert call.body["eventTime"] == "2026-01-01T00:00:00.000000Z"
    assert call.body["regarding"] == {
        "apiVersion": "v1",
        "kind": "Pod",
        "name": "a",
        "namespace": "x",
        "uid": "u",
    }


@pytest.mark.parametrize(
    ("kind", "api_version"),
    [("Node", "v1"), ("Deployment", "apps/v1"), ("PackingPlan", "restow.dev/v1alpha1")],
)
def test_event_knows_the_objects_group(kind: str, api_version: str) -> None:
    said = Said(kind=kind, key=ObjectKey("", "a"))
    call = events.event(said, instance="me", now=datetime(2026, 1, 1, tzinfo=UTC))
    assert isinstance(call.body, dict)
    assert call.body["regarding"]["apiVersion"] == api_version
    assert call.path == "/apis/events.k8s.io/v1/namespaces/default/events"


@pytest.mark.parametrize("character", ["a", "ä", "€", "😀"])
def test_note_is_cut_to_what_the_api_server_takes(character: str) -> None:
    note = events.cut(character * 2000)
    assert 1018 <= len(note.encode()) <= 1024
    assert note.endswith("…")
    assert set(note[:-1]) == {character}
    assert events.cut(character * 200) == character * 200
