from restow.cluster.objects import Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.report import picture
from tests.support.objects import a_node, a_pod, a_snapshot
from tests.support.plans import a_move, a_place, a_plan, an_eviction


def gpu_node(name: str) -> Node:
    return a_node(name, gpus=8)


def stranded() -> tuple[Snapshot, Pod, Pod]:
    """An 8-GPU pod that fits once the 2-GPU pod on `b` goes to `a`."""
    big = a_pod("big", gpus=8)
    small = a_pod("small", node="b", gpus=2)
    stays = a_pod("stays", node="a", gpus=5)
    return a_snapshot([big, small, stays], [gpu_node("a"), gpu_node("b")]), big, small


def test_cells_are_devices_and_pods_keep_their_letter() -> None:
    snapshot, big, small = stranded()
    plan = a_plan(a_move(small, "a"), a_place(big, "b", wave=1))
    resource = picture.main_resource(plan, snapshot)
    marked = picture.letters(plan)
    now = {pod.ref: pod.node for pod in snapshot.pods.values() if pod.node is not None}
    before = picture.bars(snapshot, now, resource, marked)
    after = picture.bars(snapshot, picture.places_after(plan, snapshot), resource, marked)
    assert resource == "nvidia.com/gpu"
    assert [bar.cells for bar in before] == ["▒▒▒▒▒···", "aa······"]
    assert [bar.cells for bar in after] == ["▒▒▒▒▒aa·", "AAAAAAAA"]
    assert [(bar.used, bar.capacity) for bar in after] == [(7, 8), (8, 8)]


def test_an_evicted_pod_is_gone_from_the_picture_after() -> None:
    snapshot, big, small = stranded()
    plan = a_plan(an_eviction(small), a_place(big, "b"))
    assert small.ref not in picture.places_after(plan, snapshot)


def test_cpu_is_drawn_in_shares_and_a_full_node_is_a_full_bar() -> None:
    third = [a_pod(f"p{i}", node="n", cpu_m=1333) for i in range(3)]
    snapshot = a_snapshot(third, [a_node("n", cpu_m=4000)])
    now = {pod.ref: pod.node for pod in snapshot.pods.values() if pod.node is not None}
    (bar,) = picture.bars(snapshot, now, "cpu", {})
    assert bar.cells == picture.OTHER * picture.SHARES
    assert picture.render(bar, "cpu").plain.endswith(" 3.999/4")


def test_nodes_without_the_resource_are_not_drawn() -> None:
    snapshot = a_snapshot([], [gpu_node("a"), a_node("plain")])
    assert [bar.node for bar in picture.bars(snapshot, {}, "nvidia.com/gpu", {})] == ["a"]


def test_of_many_nodes_only_those_touched_are_drawn() -> None:
    snapshot, big, small = stranded()
    plan = a_plan(a_move(small, "a"), a_place(big, "b", wave=1))
    more = a_snapshot(snapshot.pods.values(), [gpu_node(name) for name in "abcdef"])
    assert picture.draw(plan, more, most_nodes=3).row_count == 2
    assert picture.draw(plan, more).row_count == 6
