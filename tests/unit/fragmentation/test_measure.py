"""The measure of fragmentation, against figures that can be checked by hand."""

import pytest

from restow.core.errors import InputError
from restow.core.frozen import Amounts
from restow.fragmentation.measure import copies_in, fragmentation, measure
from restow.fragmentation.shapes import TargetShape, Usable, largest, shape_of

GIB = 1 << 30


def rooms(*cpus: int) -> list[Amounts]:
    return [Amounts({"cpu": cpu * 1000, "memory": 64 * GIB}) for cpu in cpus]


def test_the_fragment_rate_of_vmr2l_is_what_no_sixteen_cores_can_use() -> None:
    (found,) = measure([shape_of("cpu=16", where="", field="")], rooms(44, 15, 16, 3))
    assert (found.copies, found.usable, found.free) == (3, 48_000, 78_000)
    assert found.fragmentation == pytest.approx(1 - 48 / 78)


def test_with_fit_all_that_is_free_counts_where_one_copy_fits() -> None:
    shape = TargetShape(requests=Amounts({"cpu": 16_000}), usable=Usable.FIT)
    (found,) = measure([shape], rooms(44, 15))
    assert (found.copies, found.usable) == (2, 44_000)


def test_the_scarcest_resource_decides_how_many_copies_fit() -> None:
    shape = shape_of("cpu=4,memory=48Gi", where="", field="")
    assert copies_in(shape, rooms(44)[0]) == 1
    assert copies_in(TargetShape(requests=shape.requests, most=0), rooms(44)[0]) == 0


def test_overfilled_nodes_have_no_room_and_count_for_nothing() -> None:
    (found,) = measure([shape_of("cpu=16", where="", field="")], rooms(-4, 16))
    assert (found.copies, found.free, found.fragmentation) == (1, 16_000, 0.0)


def test_shapes_count_by_weight() -> None:
    large = shape_of("cpu=16,weight=3", where="", field="")
    small = shape_of("cpu=1", where="", field="")
    found = measure([large, small], rooms(15))
    assert fragmentation(found) == pytest.approx(1 - 15 / (3 * 15 + 15))
    assert fragmentation(measure([large], rooms())) == 0.0


def test_a_shape_is_about_its_devices() -> None:
    shape = shape_of("cpu=32, nvidia.com/gpu=8, memory=256Gi", where="", field="")
    assert shape.main == "nvidia.com/gpu"
    assert shape.name == "cpu=32,memory=256Gi,nvidia.com/gpu=8"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("cpu", "'cpu' is not NAME=QUANTITY"),
        ("cpu=x", "'x' is not a quantity"),
        ("cpu=0", "'0' of cpu is not positive"),
        ("weight=2", "'weight=2' asks for nothing"),
        ("=4", "'=4' is not NAME=QUANTITY"),
    ],
)
def test_a_shape_that_cannot_be_read_is_named_with_the_remedy(text: str, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        shape_of(text, where="PackingPolicy p", field="rescheduling.shapes")
    assert str(caught.value).startswith(f"PackingPolicy p: rescheduling.shapes: {problem}")
    assert "nvidia.com/gpu=8" in caught.value.remedy


def test_where_pods_ask_for_devices_only_the_largest_of_each_kind_is_a_shape() -> None:
    requests = [
        Amounts({"cpu": 64_000}),
        Amounts({"cpu": 8_000, "nvidia.com/gpu": 4, "pods": 1}),
        Amounts({"cpu": 2_000, "nvidia.com/gpu": 8, "ephemeral-storage": 5}),
    ]
    assert [shape.name for shape in largest(requests)] == ["cpu=2,nvidia.com/gpu=8"]
    assert [shape.name for shape in largest(requests[:1])] == ["cpu=64"]
    assert largest([Amounts({"pods": 1})]) == ()
