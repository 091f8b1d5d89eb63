"""Virtual machines that migrate to make room for waiting pods, where the policy lets them."""

import pytest

from restow.cluster.machines import Machine
from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.reasons import Reason
from restow.planning.relevance import fingerprint
from restow.policies.packing_policy import Moving
from restow.rules.machines import HOSTNAME
from tests.support.decisions import a_policy, decided, shown
from tests.support.machines import KUBEVIRT, a_launcher, a_machine, with_machines
from tests.support.objects import GIB, NOW, a_node, a_pod, a_snapshot, a_workload, owner_ref

pytestmark = pytest.mark.solver

LETTING = a_policy(moving=Moving(single_replicas=True, machines=True))


def cluster(*pods: Pod, machines: tuple[Machine, ...] = (), nodes: int = 2) -> Snapshot:
    found = a_snapshot(pods, [a_node(f"n{n}", cpu_m=8000) for n in range(nodes)])
    return with_machines(found, machines, kubevirt=KUBEVIRT)


def a_vm(name: str, node: str, cpu: int, gib: int = 1) -> tuple[Machine, Pod]:
    machine = a_machine(name, node)
    return machine, a_launcher(machine, cpu_m=1000 * cpu, memory_bytes=gib * GIB)


def test_a_machine_migrates_first_and_the_pod_comes_in_the_next_wave() -> None:
    vm, launcher = a_vm("vm", "n0", 2)
    stays = [a_pod(f"s{n}", node=f"n{n}", cpu_m=3000) for n in range(2)]
    snapshot = cluster(launcher, *stays, a_pod("new", cpu_m=5000), machines=(vm,))
    assert shown(decided(snapshot, LETTING)) == ["0 Place new: - > n1"]
    filled = cluster(
        launcher,
        *stays,
        a_pod("t", node="n1", cpu_m=1000),
        a_pod("new", cpu_m=5000),
        machines=(vm,),
    )
    assert shown(decided(filled, LETTING)) == [
        "0 Migrate virt-launcher-vm-a: n0 > n1",
        "1 Place new: - > n0",
    ]


def test_without_a_word_of_the_policy_machines_stay() -> None:
    vm, launcher = a_vm("vm", "n0", 2)
    stays = [a_pod("s0", node="n0", cpu_m=3000), a_pod("s1", node="n1", cpu_m=4000)]
    snapshot = cluster(launcher, *stays, a_pod("new", cpu_m=5000), machines=(vm,))
    found = decided(snapshot)
    assert found.plan.steps == ()
    assert found.formulation.fixed[launcher.uid].reason is Reason.MACHINE


def test_a_pod_moves_rather_than_a_machine() -> None:
    web = a_workload(name="web")
    vm, launcher = a_vm("vm", "n0", 2)
    pod = a_pod("w", node="n1", cpu_m=2000, owner=owner_ref(web))
    stays = [a_pod(f"s{n}", node=f"n{n}", cpu_m=3000) for n in range(2)]
    snapshot = cluster(launcher, pod, *stays, a_pod("new", cpu_m=5000), machines=(vm,))
    assert shown(decided(snapshot, LETTING)) == ["0 Move w: n1 > n0", "0 Place new: - > n1"]


def test_of_two_machines_the_one_with_less_memory_migrates() -> None:
    large, small = a_vm("large", "n0", 2, gib=12), a_vm("small", "n1", 2, gib=2)
    stays = [a_pod(f"s{n}", node=f"n{n}", cpu_m=3000) for n in range(2)]
    snapshot = cluster(
        large[1], small[1], *stays, a_pod("new", cpu_m=5000), machines=(large[0], small[0])
    )
    assert shown(decided(snapshot, LETTING))[0] == "0 Migrate virt-launcher-small-a: n1 > n0"


def test_what_machines_do_is_reason_to_decide_anew_only_where_they_may_make_room() -> None:
    pods = [a_pod("new", cpu_m=5000)]
    calm = cluster(*pods, machines=(a_machine("vm", "n0"),))
    busy = cluster(*pods, machines=(a_machine("vm", "n0", migrating=True),))
    assert fingerprint(calm, LETTING, NOW) != fingerprint(busy, LETTING, NOW)
    assert fingerprint(calm, a_policy(), NOW) == fingerprint(busy, a_policy(), NOW)


def test_where_machines_would_have_to_change_places_they_stay_and_the_rest_is_done() -> None:
    a, b = a_machine("a", "n0"), a_machine("b", "n1")
    web = a_workload(name="web")
    pods = [
        a_launcher(a, cpu_m=5000, node_selector={"pool": "vms"}),
        a_launcher(b, cpu_m=3000, node_selector={"pool": "vms"}),
        a_pod("w", node="n2", cpu_m=5000, owner=owner_ref(web), node_selector={"pool": "pods"}),
        a_pod("new-0", cpu_m=4000, node_selector={HOSTNAME: "n0"}),
        a_pod("new-2", cpu_m=4000, node_selector={HOSTNAME: "n2"}),
    ]
    sizes = {"n0": 7000, "n1": 6000, "n2": 8000, "n3": 5000}
    pools = {"n0": "vms", "n1": "vms", "n2": "pods", "n3": "pods"}
    nodes = [a_node(name, cpu_m=cpu, labels={"pool": pools[name]}) for name, cpu in sizes.items()]
    bare = a_snapshot(pods, nodes, workloads=[web])
    found = decided(with_machines(bare, [a, b], kubevirt=KUBEVIRT), LETTING)
    assert shown(found) == ["0 Move w: n2 > n3", "0 Place new-2: - > n2"]
    assert [each.pod.key.name for each in found.plan.unplaced] == ["new-0"]
    assert not found.plan.unplaced[0].proven
