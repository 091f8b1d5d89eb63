"""Mistakes planted in restow's modules: which there are, and that they leave nothing behind."""

import importlib
import sys
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from e2e.conform import judge
from e2e.conform.indifferent import INDIFFERENT, SILENT
from e2e.conform.mutants import modules
from e2e.conform.planting import PACKAGE, mistakes, none_in, planted
from e2e.conform.scene import read
from restow.cluster import selectors
from restow.rules import tolerations
from restow.rules.placement import resources
from restow.rules.registry import RULES

RECORDED = sorted((Path(__file__).parents[2] / "regressions").glob("*.jsonl"))


def texts(module: ModuleType) -> set[str]:
    """Every comparison, and every change of one, as excuses name them."""
    found = list(mistakes(module))
    return {each.before for each in found} | {f"{each.before}, {each.after}" for each in found}


def test_comparison_is_negated_and_an_order_has_its_border_moved_as_well() -> None:
    found = {(each.before, each.after) for each in mistakes(selectors) if "left" in each.before}
    assert found == {
        ("left is None", "IsNot"),
        ("left > right", "LtE"),
        ("left > right", "GtE"),
        ("left < right", "GtE"),
        ("left < right", "LtE"),
    }


def test_mistake_is_in_the_judges_rules_and_gone_afterwards() -> None:
    before = dict(sys.modules)
    mistake = next(each for each in mistakes(tolerations) if "taint.effect in" in each.before)
    with planted(mistake) as twin:
        changed = sys.modules[tolerations.__name__]
        assert changed is not tolerations
        assert twin is not judge
        assert twin.RULES is not RULES
    assert {name: sys.modules[name] for name in before} == before
    assert sys.modules[tolerations.__name__] is tolerations


def test_a_recording_tells_nothing_where_no_mistake_is_planted() -> None:
    scenes = [scene for path in RECORDED for scene in read(path)]
    assert any(verdict.node and verdict.changed for each in scenes for verdict in each.verdicts)
    with planted(none_in(resources)) as twin:
        assert [wrong for each in scenes for wrong in twin.disagreements(each)] == []


def test_mistake_that_breaks_the_import_leaves_nothing_behind_either() -> None:
    broken = partial(compile, "raise ValueError", "x", "exec")
    mistake = next(mistakes(resources))._replace(code=broken)
    with pytest.raises(ValueError, match=r"^$"), planted(mistake):
        pass
    assert sys.modules[resources.__name__] is resources


def test_every_rule_and_what_the_rules_share_is_changed() -> None:
    found = set(modules())
    assert {rule.prepare.__module__ for rule in RULES} <= found
    shared = ("tolerations", "node_selection", "volume_matching", "reach", "attaching", "disks")
    assert {f"{PACKAGE}.rules.{name}" for name in shared} <= found
    assert f"{PACKAGE}.cluster.parse.requests" in found
    assert not any(name.startswith(tuple(SILENT)) for name in found)


def test_every_excuse_is_of_a_comparison_that_is_there() -> None:
    for excused in INDIFFERENT.values():
        for name, found in excused.items():
            module = importlib.import_module(f"{PACKAGE}.{name}")
            assert set(found) <= texts(module), name
