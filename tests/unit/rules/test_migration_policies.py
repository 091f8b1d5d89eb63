"""Which MigrationPolicy is a machine's, as KubeVirt chooses, and what it changes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from restow.cluster.machines import MigrationPolicy, MigrationTerms
from restow.cluster.objects import Namespace
from restow.core.frozen import NO_LABELS, Labels
from restow.rules.migration_policies import terms
from tests.support.machines import KUBEVIRT, a_machine, with_machines
from tests.support.objects import a_snapshot

MINE = {"size": "large", "os": "linux"}
AROUND = {"team": "db", "stage": "live"}


def a_policy(
    name: str,
    machines: Mapping[str, str] | None = None,
    namespaces: Mapping[str, str] | None = None,
    **said: Any,
) -> MigrationPolicy:
    return MigrationPolicy(
        name=name,
        machines=Labels(machines or {}),
        namespaces=Labels(namespaces or {}),
        **{"bandwidth": 1, **said},
    )


def found(*policies: MigrationPolicy, labels: Mapping[str, str] = MINE) -> MigrationTerms:
    """The terms of a machine with these labels in a namespace with those."""
    machine = replace(a_machine("x/vm"), labels=Labels(labels))
    common = MigrationTerms(bandwidth=7, completion_s_per_gib=9, disruption=True, post_copy=True)
    snapshot = with_machines(
        a_snapshot((), ()),
        [machine],
        kubevirt=replace(KUBEVIRT, terms=common),
        policies=policies,
    )
    around = {"x": Namespace(name="x", labels=Labels(AROUND))}
    return terms(machine, replace(snapshot, namespaces=around))


@pytest.mark.parametrize(
    ("policies", "chosen"),
    [
        ([], ""),
        ([a_policy("a", {"size": "small"})], ""),
        ([a_policy("a", {"size": "large", "gpu": "yes"})], ""),
        ([a_policy("a", {"size": "large"}, {"team": "web"})], ""),
        ([MigrationPolicy(name="a", selects=False, bandwidth=1)], ""),
        ([a_policy("a")], "a"),
        ([a_policy("a"), a_policy("b", {"size": "large"})], "b"),
        ([a_policy("a", {"size": "large"}), a_policy("b", {}, AROUND)], "b"),
        ([a_policy("a", {}, {"team": "db"}), a_policy("b", {"size": "large"})], "b"),
        ([a_policy("b", {"size": "large"}), a_policy("a", {"os": "linux"})], "a"),
        ([a_policy("b", MINE, {"team": "db"}), a_policy("a", {"os": "linux"}, AROUND)], "b"),
    ],
    ids=[
        "none",
        "another value",
        "a label is missing",
        "another namespace",
        "no selectors",
        "empty selectors",
        "more labels of the machine",
        "more labels in all",
        "of as many, those of the machine",
        "of as many of each, by name",
        "of as many, more of the machine",
    ],
)
def test_the_policy_with_most_matching_labels_is_the_machines(
    policies: list[MigrationPolicy], chosen: str
) -> None:
    assert found(*policies).policy == chosen


def test_any_policy_with_selectors_is_for_a_machine_without_labels() -> None:
    policies = a_policy("b", {"size": "small"}), a_policy("a", MINE, {"team": "web"})
    assert found(*policies, labels=NO_LABELS).policy == "a"


def test_what_a_policy_does_not_say_stays_as_kubevirt_has_it() -> None:
    common = found()
    assert found(a_policy("a", bandwidth=None)) == common, "it changes nothing"
    assert found(a_policy("a", bandwidth=0)) == replace(common, bandwidth=0, policy="a")
    assert found(a_policy("a", bandwidth=None, completion_s_per_gib=0)) == replace(
        common, completion_s_per_gib=0, policy="a"
    )
    never = a_policy("a", bandwidth=None, post_copy=False, disruption=False, auto_converge=True)
    assert found(never) == replace(
        common, post_copy=False, disruption=False, auto_converge=True, policy="a"
    )
