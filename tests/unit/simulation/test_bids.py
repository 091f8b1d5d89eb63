"""Placement by bid prices."""

import numpy as np

from restow.sharing.arrays import UNIT
from restow.sharing.problem import Node, PodClass
from restow.simulation.placing.bids import FLOOR, Bids, prices
from restow.simulation.placing.cluster import empty, shift
from restow.simulation.placing.workload import Workload

LARGE = PodClass(cpu_m=1000, memory=1, devices=1, milli=810)
MIDDLE = PodClass(cpu_m=1000, memory=1, devices=1, milli=700)
SMALL = PodClass(cpu_m=1000, memory=1, devices=1, milli=160)
OTHER = PodClass(cpu_m=1000, memory=1, devices=1, milli=270)
ALONE = PodClass(cpu_m=1000, memory=1, devices=0, milli=0)


def workload() -> Workload:
    """Return a mix in which there is more room beside large shares than small ones ask for."""
    return Workload(
        nodes=tuple(Node(cpu_m=64_000, memory=64, devices=1, model="A") for _ in range(8)),
        kinds=(LARGE, MIDDLE, SMALL, OTHER, ALONE),
        count=np.array([6, 3, 1, 1, 1], np.int64),
    )


def test_no_class_is_worth_less_than_a_part_of_the_devices_that_it_takes() -> None:
    mix = workload()
    _, fleet = empty(mix, np.arange(8))
    worth = prices(mix, fleet)
    assert (worth >= np.rint(FLOOR * fleet.kinds.gain * UNIT)).all()
    assert worth[2] < fleet.kinds.gain[2] * UNIT, "room beside large shares is not scarce"


def test_a_share_leaves_the_hole_that_takes_a_larger_one_though_neither_is_scarce() -> None:
    mix = workload()
    cluster, fleet = empty(mix, np.arange(8))
    shift(cluster, 0, 1, 1, -1)
    shift(cluster, 1, 0, 1, -1)
    assert Bids(mix, fleet).seat(cluster, 2) == (1, 1)


def test_a_pod_that_fits_nowhere_has_no_seat() -> None:
    mix = workload()
    cluster, fleet = empty(mix, np.arange(8))
    for node in range(8):
        shift(cluster, node, 0, 1, -1)
    assert Bids(mix, fleet).seat(cluster, 1) == (-1, 0)
