"""Where pods sit, from one snapshot to the next."""

from dataclasses import replace

from restow.core.ids import NodeName, ObjectKey
from tests.support.objects import a_node, a_pod, a_snapshot


def test_the_pod_that_stays_keeps_its_seat_when_another_of_its_uid_goes() -> None:
    source, target = NodeName("source"), NodeName("target")
    pod = a_pod("launcher", node=source)
    there = replace(pod, key=ObjectKey(pod.key.namespace, "launcher-target"), node=target)
    before = a_snapshot(nodes=[a_node(source), a_node(target)], pods=[pod])
    assert before.seats == {pod.uid: source}
    both = replace(before, pods={pod.key: pod, there.key: there}).follow(before)
    assert both.seats == {pod.uid: target}
    after = replace(both, pods={there.key: there}).follow(both)
    assert after.seats == {pod.uid: target}
    gone = replace(after, pods={}).follow(after)
    assert gone.seats == {}
