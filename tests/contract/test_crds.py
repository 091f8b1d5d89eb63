"""What a real API server makes of the CRDs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.client import ApiError, Client, Json
from e2e.release import Release
from restow.policies import crds

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]
NAMES = tuple(document["metadata"]["name"] for document in crds.documents())
POD = {"namespace": "default", "name": "a", "uid": "1"}


@pytest.fixture
def api(cluster: Client, release: Release) -> Client:
    """A cluster with the CRDs, as the chart brings them."""
    release.pod()
    return cluster


@pytest.fixture
def plan(api: Client) -> Iterator[Json]:
    """A plan, stored."""
    yield api.create(a_plan({"wave": 0, "action": "Place", "pod": POD, "to": "n1"}))
    api.delete("PackingPlan", "contract")


def a_plan(*steps: dict[str, Any]) -> Json:
    return {
        "apiVersion": "restow.dev/v1alpha1",
        "kind": "PackingPlan",
        "metadata": {"name": "contract"},
        "spec": {
            "snapshot": {"digest": "sha256:00", "takenAt": "2026-11-23T12:00:00Z"},
            "steps": list(steps),
        },
    }


def stored(api: Client, spec: Json) -> Json:
    """Return a policy as the API server would store it."""
    document = {
        "apiVersion": "restow.dev/v1alpha1",
        "kind": "PackingPolicy",
        "metadata": {"name": "contract"},
        "spec": spec,
    }
    answer = api.request(
        "POST",
        "/apis/restow.dev/v1alpha1/packingpolicies",
        query={"dryRun": "All", "fieldValidation": "Strict"},
        body=document,
    )
    made: Json = answer["spec"]
    return made


@pytest.mark.parametrize("name", NAMES)
def test_crd_is_established_and_structural(api: Client, name: str) -> None:
    crd = json.loads(api.kubectl("get", "-ojson", _crd(name)))
    conditions = {each["type"]: each["status"] for each in crd["status"]["conditions"]}
    assert conditions["Established"] == "True"
    assert conditions.get("NonStructuralSchema", "False") == "False"


def test_defaults_are_filled_in(api: Client) -> None:
    assert stored(api, {}) == {
        "mode": "Observe",
        "scope": {"schedulerNames": ["default-scheduler"]},
        "graceSeconds": 30,
        "batchWindowSeconds": 5,
        "solveTimeLimitSeconds": 10,
        "limits": {
            "movesPerPlan": 20,
            "evictionsPerPlan": 20,
            "movesPerHour": 100,
            "evictionsPerHour": 50,
        },
        "moving": {
            "jobs": False,
            "localStorage": False,
            "machines": False,
            "honorPreferNoEviction": False,
            "deviceClaims": False,
            "singleReplicas": False,
            "minimumAgeSeconds": 0,
            "cooldownSeconds": 300,
            "workloadCooldownSeconds": 0,
        },
        "finishedPlanTtlSeconds": 3600,
    }


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"mode": "Banana"}, 'supported values: \\"Observe\\", \\"Approve\\", \\"Act\\"'),
        ({"mod": "Act"}, 'unknown field \\"spec.mod\\"'),
        ({"limits": {"movesPerHour": 3}}, "movesPerPlan is more than movesPerHour"),
        ({"limits": {"evictionsPerHour": 0}}, "evictionsPerPlan is more than evictionsPerHour"),
        ({"moving": {"cooldownSeconds": 3601}}, "cooldownSeconds is more than finishedPlanTtl"),
        (
            {"moving": {"workloadCooldownSeconds": 3601}},
            "workloadCooldownSeconds is more than finishedPlanTtl",
        ),
        ({"limits": {"movesPerDay": 3}}, "movesPerPlan is more than movesPerDay"),
        ({"rescheduling": {"objective": "Balance"}}, "Balance needs untilUtilization"),
        ({"rescheduling": {"drain": {}}}, "drain is for objective Drain alone"),
        (
            {"rescheduling": {"objective": "Drain", "pricePerMigration": "1"}},
            "pricePerMigration is for objective Defragment and Consolidate alone",
        ),
        (
            {"rescheduling": {"pricePerMigration": "1", "untilFragmentation": 0.1}},
            "whatever the migrations cost",
        ),
        (
            {"rescheduling": {"learnShapesDays": 7, "shapes": ["cpu=1"]}},
            "shapes are written already",
        ),
        ({"rescheduling": {"schedule": {"cron": "0 3 * *"}}}, "cron needs five fields"),
        ({"moving": {"minimumAgeSeconds": -1}}, "should be greater than or equal to 0"),
        ({"limits": {"movesPerPlan": -1}}, "should be greater than or equal to 0"),
        (
            {"windows": [{"cron": "@midnight", "durationSeconds": 60}]},
            "cron needs five fields: minute, hour",
        ),
        ({"windows": [{"cron": "0 22 * * *"}]}, "spec.windows[0].durationSeconds: Required"),
        (
            {"scope": {"pods": {"matchExpressions": [{"key": "a", "operator": "In"}]}}},
            "In and NotIn need values",
        ),
        (
            {
                "scope": {
                    "nodes": {
                        "matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]
                    }
                }
            },
            "Exists and DoesNotExist take none",
        ),
    ],
)
def test_bad_policy_is_refused_with_the_reason(api: Client, spec: Json, says: str) -> None:
    with pytest.raises(ApiError) as refused:
        stored(api, spec)
    assert refused.value.status in {400, 422}
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ({"action": "Place"}, "all but Evict need to"),
        ({"action": "Place", "from": "a", "to": "b"}, "all but Place need from"),
        ({"action": "Move", "from": "a", "to": "a"}, "from and to are the same node"),
        ({"action": "Teleport", "from": "a", "to": "b"}, "Unsupported value"),
    ],
)
def test_bad_step_is_refused_with_the_reason(api: Client, step: Json, says: str) -> None:
    with pytest.raises(ApiError, match=says):
        api.create(a_plan({"wave": 0, "pod": POD} | step))


@pytest.mark.usefixtures("plan")
def test_decision_never_changes(api: Client) -> None:
    with pytest.raises(ApiError, match="a plan never changes"):
        api.patch("PackingPlan", "contract", {"spec": {"policy": "another"}})


@pytest.mark.usefixtures("plan")
def test_plan_can_be_annotated_and_reported_on(api: Client) -> None:
    api.kubectl("annotate", "packingplan", "contract", "restow.dev/approved=true")
    status = {"phase": "Executing", "wave": 0, "steps": [{"index": 0, "phase": "Acting"}]}
    after = api.patch("PackingPlan", "contract", {"status": status}, part="status")
    assert after["status"] == status


@pytest.mark.usefixtures("plan")
def test_finished_plan_stays_finished(api: Client) -> None:
    for phase in ("Executing", "Aborted"):
        api.patch("PackingPlan", "contract", {"status": {"phase": phase}}, part="status")
    api.patch("PackingPlan", "contract", {"status": {"message": "why"}}, part="status")
    with pytest.raises(ApiError, match="a finished plan stays finished"):
        api.patch("PackingPlan", "contract", {"status": {"phase": "Executing"}}, part="status")
    with pytest.raises(ApiError, match="a finished plan stays finished"):
        api.patch("PackingPlan", "contract", {"status": {"phase": None}}, part="status")


def test_plan_of_a_thousand_long_steps_and_its_status_fit_into_one_object(api: Client) -> None:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r" * 63, "uid": "u" * 36}
    pod = {"namespace": "n" * 20, "name": "p" * 63, "uid": "u" * 36}
    step = {"action": "Move", "from": "a" * 40, "to": "b" * 40, "pod": pod, "owner": owner}
    now = "2026-11-23T12:00:00.123456Z"
    times = {"startedAt": now, "disturbedAt": now, "finishedAt": now}
    done = {"phase": "Done", "message": "m" * 100, "replacement": pod} | times
    steps = [{"index": index} | done for index in range(1000)]
    try:
        api.create(a_plan(*({"wave": 0} | step for _ in range(1000))))
        after = api.patch("PackingPlan", "contract", {"status": {"steps": steps}}, part="status")
        assert len(after["status"]["steps"]) == 1000
    finally:
        api.delete("PackingPlan", "contract")


@pytest.mark.parametrize(
    "path", sorted((ROOT / "manifests/samples").glob("policy-*.yaml")), ids=lambda path: path.stem
)
def test_sample_policies_are_taken(api: Client, path: Path) -> None:
    said = api.kubectl("apply", "--dry-run=server", f"--filename={path}")
    assert "packingpolicy.restow.dev/" in said


def test_explain_tells_what_a_field_is_for(api: Client) -> None:
    assert "how much" in api.kubectl("explain", "packingpolicy.spec")
    assert "Approve: a plan" in api.kubectl("explain", "ppol.spec.mode").replace("\n    ", " ")


def _crd(name: str) -> str:
    return f"customresourcedefinition/{name}"
