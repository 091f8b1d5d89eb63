"""Virtual machines migrate live, to the nodes of the plan, and are never evicted.

KubeVirt is played by `e2e.kubevirt`, which says what it stands in for.
"""

from collections.abc import Iterator
from typing import Final

import pytest

from e2e import moments
from e2e.ambush import Moment
from e2e.client import Client, Json
from e2e.cluster.backend import Backend
from e2e.cluster.local import LocalCluster
from e2e.kubevirt.manifests import a_kubevirt, a_machine
from e2e.kubevirt.virt_api import VirtApi
from e2e.kubevirt.virt_controller import FINAL as ENDED
from e2e.kubevirt.virt_controller import MACHINES, MIGRATIONS, VirtController, phase_of
from e2e.mirror import Change, Mirrors
from e2e.nodes import a_node
from e2e.operation import Operator
from e2e.plans import FINAL, phase, wait_clean, wait_plan
from e2e.scenario import Scenario, is_running, node_of
from e2e.scenarios.test_killed import kill_at, without_all_replicas
from e2e.waiting import eventually, steadily
from e2e.watches import evicted

pytestmark = pytest.mark.cluster

OURS: Final = {"restow.dev/sample": "machines"}
NODES: Final = tuple("abcdef")
WHOLE: Final = "cpu=8"
"""Six nodes of 8 CPUs, each with a machine and a pod of 2: none is whole, and three could be."""


@pytest.fixture
def virt_api(
    kubevirt_crds: None, cluster: Client, backend: Backend, scenario: Scenario
) -> Iterator[VirtApi]:
    """Answers evictions of launchers, and notes them."""
    if not isinstance(backend, LocalCluster):
        pytest.skip("the stand-in for virt-api needs an API server that reaches localhost")
    made = VirtApi(cluster, backend.workdir, scenario.namespace)
    yield made
    made.close()


@pytest.fixture
def machines(
    virt_api: VirtApi, cluster: Client, mirrors: Mirrors, scenario: Scenario
) -> Iterator[VirtController]:
    """KubeVirt plays; afterwards nobody has evicted a machine or left it without its pod."""
    watch = MachineWatch(mirrors, scenario.namespace)
    install(scenario, parallelMigrationsPerCluster=2, parallelOutboundMigrationsPerNode=1)
    made = VirtController(cluster, mirrors, scenario.namespace)
    yield made
    made.close()
    watch.close()
    cluster.delete("KubeVirt", "kubevirt", namespace=scenario.namespace)
    assert virt_api.attempts == [], "somebody tried to evict a launcher"
    assert watch.violations == []


def install(scenario: Scenario, version: str = "v1.6.0", **limits: int | str) -> None:
    """Create the KubeVirt object, or change it."""
    made = a_kubevirt(version, **limits)
    scenario.apply(made)
    status = {"status": made["status"]}
    where = {"namespace": scenario.namespace, "part": "status"}
    scenario.client.patch("KubeVirt", "kubevirt", status, **where)


class MachineWatch:
    """Notes each launcher that is evicted, or deleted while its machine runs in it."""

    def __init__(self, mirrors: Mirrors, namespace: str) -> None:
        self.violations: list[str] = []
        self._machines, self._namespace = mirrors[MACHINES], namespace
        self.close = mirrors["Pod"].listen(self._look)

    def _look(self, change: Change) -> None:
        pod = change.after or change.last
        meta = pod["metadata"]
        labels = meta.get("labels", {})
        if labels.get("kubevirt.io") != "virt-launcher" or meta["namespace"] != self._namespace:
            return
        if evicted(pod):
            self.violations.append(f"{meta['name']} was evicted")
        going = "deletionTimestamp" in meta or change.after is None
        if going and is_running(pod) and self._lives_in(pod):
            self.violations.append(f"{meta['name']} was deleted under its machine")

    def _lives_in(self, pod: Json) -> bool:
        key = (self._namespace, pod["metadata"]["labels"]["vm.kubevirt.io/name"])
        names = ((m, m["metadata"]) for m in self._machines.all())
        machine = next((m for m, at in names if (at["namespace"], at["name"]) == key), None)
        if machine is None or "deletionTimestamp" in machine["metadata"]:
            return False
        return bool(machine["status"].get("nodeName") == node_of(pod))


def stage(
    scenario: Scenario,
    *,
    behaviour: dict[str, str] | None = None,
    vms: int = 6,
    dirty_rate: str = "",
) -> None:
    """Bring the cluster to where it is fragmented: a machine and a pod on each node."""
    labels = {**OURS, "kubevirt.io/schedulable": "true"}
    scenario.apply(*(a_node(f"vm-{name}", labels=labels) for name in NODES))
    scenario.wait_nodes_ready()
    asked = behaviour or {}
    scenario.apply(
        *(
            a_machine(
                f"m-{n}",
                f"vm-{n}",
                labels={**OURS, "e2e.restow.dev/machine": n},
                behaviour=asked.get(f"m-{n}", ""),
                dirty_rate=dirty_rate,
            )
            for n in NODES[:vms]
        )
    )
    wait_machines(scenario, vms)
    scenario.apply(web())
    scenario.wait_running(len(NODES), "app=web")
    assert len(set(scenario.places("app=web").values())) == len(NODES)


def wait_machines(scenario: Scenario, count: int) -> list[Json]:
    """Wait until so many machines run; return their launchers."""
    launchers = scenario.wait_running(count, "kubevirt.io=virt-launcher")
    eventually(
        lambda: [phase_of(each) for each in all_machines(scenario)],
        within_s=30,
        what="all machines run",
        until=lambda phases: set(phases) == {"Running"},
    )
    return launchers


def web() -> Json:
    """A Deployment that kube-scheduler spreads over the nodes, one pod on each."""
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    container = {
        "name": "main",
        "image": "registry.k8s.io/pause:3.10",
        "resources": {"requests": {"cpu": "2", "memory": "1Gi"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": len(NODES),
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web", **OURS}},
                "spec": {
                    "topologySpreadConstraints": [spread],
                    "nodeSelector": OURS,
                    "containers": [container],
                },
            },
        },
    }


def policy(mode: str = "Act", **rescheduling: object) -> Json:
    """A policy for the scenario's pods and nodes, with a rescheduling section."""
    section = {"shapes": [WHOLE], "intervalSeconds": 3600, "maxMigrations": 12, **rescheduling}
    return {
        "apiVersion": "restow.dev/v1alpha1",
        "kind": "PackingPolicy",
        "metadata": {"name": "machines"},
        "spec": {
            "mode": mode,
            "graceSeconds": 1,
            "batchWindowSeconds": 1,
            "scope": {"pods": {"matchLabels": OURS}, "nodes": {"matchLabels": OURS}},
            "rescheduling": section,
        },
    }


def all_machines(scenario: Scenario) -> list[Json]:
    return scenario.client.list(MACHINES, scenario.namespace)


def migrations(scenario: Scenario) -> list[Json]:
    return scenario.client.list(MIGRATIONS, scenario.namespace)


def where(scenario: Scenario) -> dict[str, str]:
    """Return, per machine, the node it runs on."""
    found = all_machines(scenario)
    return {each["metadata"]["name"]: each["status"]["nodeName"] for each in found}


def busy(scenario: Scenario) -> set[str | None]:
    """Return the nodes with a pod that runs."""
    return {node_of(pod) for pod in scenario.pods() if is_running(pod)}


def steps(plan: Json, action: str) -> list[Json]:
    return [step for step in plan["spec"]["steps"] if step["action"] == action]


def all_is_well(scenario: Scenario) -> None:
    """Every machine runs in one pod, every migration has ended, nothing of restow's is left."""
    wait_clean(scenario)
    eventually(
        lambda: [phase_of(each) for each in migrations(scenario)],
        within_s=30,
        what="every migration has ended",
        until=lambda phases: set(phases) <= set(ENDED),
    )
    eventually(
        lambda: (
            sorted(where(scenario).items()),
            sorted(
                (pod["metadata"]["labels"]["vm.kubevirt.io/name"], str(node_of(pod)))
                for pod in scenario.pods("kubevirt.io=virt-launcher")
                if is_running(pod)
            ),
        ),
        within_s=30,
        what="every machine runs in the pod on its node",
        until=lambda found: found[0] == found[1],
    )
    eventually(
        lambda: without_all_replicas(scenario),
        within_s=30,
        what="each Deployment has all its replicas",
        until=lambda short: not short,
    )


def test_a_fragmented_cluster_is_made_whole_by_moves_and_migrations(
    scenario: Scenario, machines: VirtController, operator: Operator
) -> None:
    stage(scenario)
    scenario.apply(policy())
    plan = wait_plan(scenario, "Completed", "Aborted", within_s=120)
    assert phase(plan) == "Completed", plan["status"]["message"]
    assert {step["action"] for step in plan["spec"]["steps"]} == {"Move", "Migrate"}
    fragments = plan["status"]["fragmentation"]
    assert fragments["before"][f"copies of {WHOLE}"] == 0
    assert fragments["after"][f"copies of {WHOLE}"] == 3
    assert len(busy(scenario)) == 3, "as planned, three nodes are whole"
    at = where(scenario)
    for step in steps(plan, "Migrate"):
        assert at[step["vmi"]] == step["to"]
    marked = [each["metadata"]["labels"]["restow.dev/plan"] for each in migrations(scenario)]
    assert marked == [plan["metadata"]["name"]] * len(steps(plan, "Migrate"))
    assert machines.most_at_once <= 2, "KubeVirt's limit was reached by nobody's queue"
    assert plan["status"]["wave"] > 0, "two at a time, so more than one wave"
    all_is_well(scenario)


def test_a_migration_that_fails_ends_the_plan_and_leaves_the_machine_where_it_is(
    scenario: Scenario, machines: VirtController, operator: Operator
) -> None:
    stage(scenario, behaviour={f"m-{n}": "fails" for n in NODES})
    before = where(scenario)
    scenario.apply(policy())
    plan = wait_plan(scenario, "Aborted", within_s=90)
    assert "failed: Live migration failed: the test has it so" in plan["status"]["message"]
    assert where(scenario) == before
    begun = len(migrations(scenario))
    assert begun <= 2, "the rest was not begun"
    all_is_well(scenario)


def test_a_migration_that_somebody_calls_off_ends_the_plan(
    scenario: Scenario, machines: VirtController, operator: Operator
) -> None:
    stage(scenario, behaviour={f"m-{n}": "hangs" for n in NODES})
    before = where(scenario)
    scenario.apply(policy())
    first = eventually(
        lambda: [each for each in migrations(scenario) if phase_of(each) == "Running"],
        within_s=60,
        what="a migration runs",
    )[0]
    scenario.client.delete(MIGRATIONS, first["metadata"]["name"], namespace=scenario.namespace)
    plan = wait_plan(scenario, "Aborted", within_s=60)
    assert "failed" in plan["status"]["message"]
    assert where(scenario) == before
    all_is_well(scenario)


def migration_in(*phases: str) -> Moment:
    """The moment at which a migration is in one of the phases."""
    return lambda change: change.after is not None and phase_of(change.after) in phases


MOMENTS: Final[dict[str, tuple[str, Moment]]] = {
    "migration-created": (MIGRATIONS, lambda change: change.before is None),
    "migration-running": (MIGRATIONS, migration_in("Running")),
    "migration-ended": (MIGRATIONS, migration_in("Succeeded")),
    "second-wave": ("PackingPlan", moments.plan_in_wave(1)),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_nothing_is_lost_when_the_operator_is_killed(
    scenario: Scenario, machines: VirtController, operator: Operator, name: str
) -> None:
    stage(scenario)
    ambush = kill_at(scenario, operator, *MOMENTS[name])
    scenario.apply(policy())
    ambush.wait(60)
    operator.start(wait=False)
    plans = eventually(
        scenario.plans,
        within_s=120,
        what="every plan is over",
        until=lambda found: bool(found) and all(phase(plan) in FINAL for plan in found),
    )
    all_is_well(scenario)
    assert phase(plans[0]) == "Completed", plans[0]["status"]["message"]
    names = [each["metadata"]["name"] for each in migrations(scenario)]
    assert len(names) == len(steps(plans[0], "Migrate")), "none was asked for twice"


def test_an_operator_that_is_stopped_calls_its_migrations_off(
    scenario: Scenario, machines: VirtController, operator: Operator
) -> None:
    stage(scenario, behaviour={f"m-{n}": "hangs" for n in NODES})
    before = where(scenario)
    scenario.apply(policy())
    eventually(
        lambda: [phase_of(each) for each in migrations(scenario)],
        within_s=60,
        what="a migration runs",
        until=lambda phases: "Running" in phases,
    )
    operator.stop()
    assert [phase_of(each) for each in migrations(scenario)] == [], "deleted is called off"
    assert where(scenario) == before
    all_is_well(scenario)


def test_a_migration_of_a_plan_that_is_no_more_is_called_off(
    scenario: Scenario, machines: VirtController, operator: Operator
) -> None:
    stage(scenario, behaviour={"m-a": "hangs"}, vms=1)
    scenario.client.create(
        {
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachineInstanceMigration",
            "metadata": {
                "name": "left-behind",
                "namespace": scenario.namespace,
                "labels": {"restow.dev/plan": "plan-of-yesterday"},
            },
            "spec": {"vmiName": "m-a", "addedNodeSelector": {"kubernetes.io/hostname": "vm-b"}},
        }
    )
    eventually(
        lambda: migrations(scenario), within_s=30, what="it is gone", until=lambda found: not found
    )
    assert where(scenario) == {"m-a": "vm-a"}
    all_is_well(scenario)


def test_observe_writes_the_plan_and_migrates_nothing(
    scenario: Scenario, machines: VirtController, operator: Operator
) -> None:
    stage(scenario)
    before = scenario.places(), where(scenario)
    scenario.apply(policy("Observe"))
    plan = wait_plan(scenario, "Proposed")
    assert steps(plan, "Migrate")
    steadily(
        lambda: (scenario.places(), where(scenario)) == before and not migrations(scenario),
        for_s=3,
        what="nothing moves",
    )


def test_waiting_pods_push_no_machine_out(
    scenario: Scenario, machines: VirtController, operator: Operator
) -> None:
    stage(scenario)
    asked = policy()
    del asked["spec"]["rescheduling"]
    scenario.apply(asked)
    large = web()
    large["metadata"]["name"] = "large"
    large["spec"] |= {"replicas": 3, "selector": {"matchLabels": {"app": "large"}}}
    template = large["spec"]["template"]
    template["metadata"]["labels"] = {"app": "large", **OURS}
    template["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "6"
    scenario.apply(large)
    plan = wait_plan(scenario, "Completed", "Aborted", within_s=90)
    assert not steps(plan, "Migrate")
    assert not [step for step in plan["spec"]["steps"] if "launcher" in step["pod"]["name"]]
    assert where(scenario) == {f"m-{n}": f"vm-{n}" for n in NODES}


def test_a_kubevirt_that_takes_no_chosen_node_keeps_its_machines_where_they_are(
    scenario: Scenario, machines: VirtController, operator: Operator
) -> None:
    install(scenario, "v1.5.2")
    stage(scenario)
    scenario.apply(policy(shapes=["cpu=6"]))
    plan = wait_plan(scenario, "Completed", "Aborted", within_s=90)
    assert {step["action"] for step in plan["spec"]["steps"]} == {"Move"}
    assert where(scenario) == {f"m-{n}": f"vm-{n}" for n in NODES}


def test_a_migration_policy_keeps_a_machine_that_would_not_migrate_in_its_time(
    scenario: Scenario, machines: VirtController, operator: Operator
) -> None:
    """Each writes 40Mi a second, and 64Mi are copied; but of one machine 32Mi: it would not end."""
    install(scenario, bandwidthPerMigration="64Mi")
    slow = {
        "apiVersion": "migrations.kubevirt.io/v1alpha1",
        "kind": "MigrationPolicy",
        "metadata": {"name": "slow"},
        "spec": {
            "bandwidthPerMigration": "32Mi",
            "selectors": {"virtualMachineInstanceSelector": {"e2e.restow.dev/machine": "a"}},
        },
    }
    scenario.apply(slow)
    stage(scenario, dirty_rate="40Mi")
    both = {"key": "kubernetes.io/hostname", "operator": "In", "values": ["vm-a", "vm-b"]}
    asked = policy(objective="Drain", drain={"matchExpressions": [both]})
    del asked["spec"]["rescheduling"]["shapes"]
    scenario.apply(asked)
    plan = wait_plan(scenario, "Completed", "Aborted", within_s=90)
    assert phase(plan) == "Completed", plan["status"]["message"]
    assert [step["vmi"] for step in steps(plan, "Migrate")] == ["m-b"]
    assert (where(scenario)["m-a"], where(scenario)["m-b"] == "vm-b") == ("vm-a", False)
    all_is_well(scenario)


def test_a_machine_makes_room_for_a_waiting_pod(
    machines: VirtController, scenario: Scenario, operator: Operator
) -> None:
    """All nodes have 4 CPUs free, and web's pods may not move: a machine goes next to another."""
    stage(scenario)
    asked = policy()
    del asked["spec"]["rescheduling"]
    asked["spec"]["moving"] = {"machines": True}
    scenario.client.kubectl(
        "annotate", "deployment/web", "restow.dev/movable=false", f"-n={scenario.namespace}"
    )
    whole = web()
    whole["metadata"]["name"] = "whole"
    whole["spec"]["replicas"] = 1
    template = whole["spec"]["template"]
    whole["spec"]["selector"]["matchLabels"] = {"app": "whole"}
    template["metadata"]["labels"]["app"] = "whole"
    template["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "6"
    scenario.apply(asked, whole)
    plan = wait_plan(scenario, "Completed", within_s=90)
    assert (len(steps(plan, "Migrate")), len(steps(plan, "Place"))) == (1, 1)
    assert [step["wave"] for step in plan["spec"]["steps"]] == [0, 1]
    assert set(scenario.places("app=whole").values()) == {steps(plan, "Migrate")[0]["from"]}
    all_is_well(scenario)
    wait_clean(scenario)
