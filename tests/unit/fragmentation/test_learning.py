"""Shapes learned from pods."""

from datetime import timedelta

from restow.core.frozen import Amounts
from restow.fragmentation.learning import MOST, Seen, learned, shapes
from restow.fragmentation.shapes import TargetShape
from tests.support.objects import NOW

WEEK, HOUR = timedelta(days=7), timedelta(hours=1)
GPU = "nvidia.com/gpu"


def cpu(amount: int) -> Amounts:
    return Amounts({"cpu": amount, "pods": 1})


def told(seen: tuple[Seen, ...]) -> dict[str, int]:
    return {each.shape.name: each.pods for each in seen}


def test_what_pods_ask_for_is_counted_and_the_pod_itself_is_not_asked_for() -> None:
    assert told(learned((), [cpu(1000), cpu(1000), cpu(500)], NOW, WEEK)) == {
        "cpu=1": 2,
        "cpu=500m": 1,
    }


def test_the_most_at_one_look_is_kept_until_the_last_pod_is_gone_for_too_long() -> None:
    first = learned((), [cpu(1000)] * 5, NOW, WEEK)
    later = learned(first, [cpu(1000)], NOW + HOUR, WEEK)
    assert told(later) == {"cpu=1": 5}
    assert told(learned(later, [], NOW + HOUR + WEEK, WEEK)) == {"cpu=1": 5}
    assert learned(later, [], NOW + HOUR + WEEK + HOUR, WEEK) == ()


def test_only_the_greatest_demand_is_kept() -> None:
    found = learned((), [cpu(1000 * n) for n in range(1, MOST + 4)], NOW, WEEK)
    assert len(found) == MOST
    assert "cpu=3" not in told(found)
    assert "cpu=4" in told(found)


def test_shapes_weigh_as_their_pods_are_many() -> None:
    seen = learned((), [cpu(4000)] * 3 + [cpu(1000)], NOW, WEEK)
    assert shapes(seen) == (
        TargetShape(requests=Amounts({"cpu": 4000}), weight=75),
        TargetShape(requests=Amounts({"cpu": 1000}), weight=25),
    )


def test_beside_devices_nothing_else_counts() -> None:
    seen = learned((), [cpu(64_000)] * 9 + [Amounts({"cpu": 1000, GPU: 1})], NOW, WEEK)
    assert [each.main for each in shapes(seen)] == [GPU]


def test_pods_that_ask_for_nothing_teach_nothing() -> None:
    assert learned((), [Amounts({"pods": 1})], NOW, WEEK) == ()
