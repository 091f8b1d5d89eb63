"""The exponent of growth is the slope on logarithms."""

import math

import pytest

from benchmarks.priority_matters.growth import FIGURES, exponent, table


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_a_power_law_has_its_power_as_exponent(power: float) -> None:
    assert exponent({n: 0.003 * n**power for n in (100, 1000, 10_000)}) == pytest.approx(power)


def test_one_size_has_no_exponent() -> None:
    assert math.isnan(exponent({100: 1.0}))


def test_the_table_has_a_line_per_kind_of_cluster_and_figure() -> None:
    rows = [
        {"utilisation": 0.93, "rules": rules, "nodes": n} | dict.fromkeys(FIGURES, n / 100)
        for rules in (False, True)
        for n in (100, 1000)
    ]
    lines = table(rows).splitlines()
    assert len(lines) == 2 + 2 * len(FIGURES)
    assert lines[2] == "| 0.93 | no | formulation, s | 1 | 10 | 1.00 |"
