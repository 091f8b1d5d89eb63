"""A snapshot survives being written and read, and its digest is a digest of what decides."""

from dataclasses import fields, replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from restow.cluster import machines, objects, serde, storage
from restow.cluster.assembly import assemble
from restow.cluster.parts import PARTS, Object
from restow.core.frozen import Amounts, FrozenMap
from restow.core.ids import ObjectKey
from tests.support.objects import NOW

pytestmark = pytest.mark.property

NAMES = st.text(alphabet='abc-é\u2028"', min_size=1, max_size=4)
MOMENTS = st.integers(0, 10**6).map(lambda s: NOW + timedelta(microseconds=s))

st.register_type_strategy(Amounts, st.dictionaries(NAMES, st.integers(-5, 10**18)).map(Amounts))
st.register_type_strategy(ObjectKey, st.builds(ObjectKey, NAMES, NAMES))
st.register_type_strategy(FrozenMap, st.dictionaries(NAMES, NAMES, max_size=3).map(FrozenMap))


def any_of(kind: type[Object]) -> st.SearchStrategy[Object]:
    """An object with every field drawn, defaults included."""
    drawn: dict[str, Any] = {
        each.name: MOMENTS if each.name == "created_at" else ...
        for each in fields(kind)
        if each.name not in {"unschedulable_since", "started_at", "since"}
    }
    if kind is objects.Pod:
        drawn |= {name: st.none() | MOMENTS for name in ("unschedulable_since", "started_at")}
    return st.builds(kind, **drawn)


STORAGE: tuple[type[Object], ...] = (
    storage.PersistentVolume,
    storage.PersistentVolumeClaim,
    storage.StorageClass,
    storage.CSINode,
    storage.CSIDriver,
    storage.CSIStorageCapacity,
    storage.VolumeAttachment,
)
KINDS: tuple[type[Object], ...] = (
    objects.Pod,
    objects.Node,
    objects.DisruptionBudget,
    objects.PriorityClass,
    objects.Workload,
    objects.Namespace,
    machines.Machine,
    machines.MachineMigration,
    machines.KubeVirt,
    machines.MigrationPolicy,
    *STORAGE,
)
KEYS = {part.type: part.key for part in PARTS}


def identity(found: Object) -> tuple[type[Object], object]:
    """What no two objects of a snapshot share."""
    return type(found), KEYS[type(found)](found)


OBJECTS: st.SearchStrategy[list[Object]] = st.lists(
    st.one_of([any_of(kind) for kind in KINDS]), max_size=5, unique_by=identity
)


@settings(max_examples=25)
@given(OBJECTS, st.randoms())
def test_parse_after_dump_is_identity_and_order_does_not_matter(
    found: list[Object], random: Random
) -> None:
    snapshot = assemble(found, taken_at=NOW)
    assert serde.parse(serde.dump(snapshot)) == snapshot
    shuffled = found.copy()
    random.shuffle(shuffled)
    again = assemble(shuffled, taken_at=NOW)
    assert serde.dump(again) == serde.dump(snapshot)
    assert serde.digest(again) == serde.digest(snapshot)


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])  # whole pods, drawn
@given(any_of(objects.Pod), any_of(objects.Node))
def test_digest_leaves_out_time_and_resource_versions_and_nothing_else(
    pod: objects.Pod, node: objects.Node
) -> None:
    before = serde.digest(assemble((pod, node), taken_at=NOW))
    newer = (replace(pod, resource_version="z"), replace(node, resource_version="z"))
    assert serde.digest(assemble(newer, taken_at=NOW + timedelta(hours=1))) == before
    ready = assemble((replace(pod, ready=not pod.ready), node), taken_at=NOW)
    assert serde.digest(ready) != before
    cordoned = assemble((pod, replace(node, unschedulable=not node.unschedulable)), taken_at=NOW)
    assert serde.digest(cordoned) != before


def test_digest_does_not_know_which_kinds_a_cluster_serves() -> None:
    dumped = assemble((), taken_at=NOW)
    assert serde.digest(assemble((), taken_at=NOW, absent=("KubeVirt",))) == serde.digest(dumped)
