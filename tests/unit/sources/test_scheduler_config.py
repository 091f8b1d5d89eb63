"""The node affinity that kube-scheduler's own configuration adds, as restow reads it."""

import json
from pathlib import Path

import pytest
import yaml

from restow.cluster.objects import NodeSelectorTerm
from restow.cluster.terms import Operator, Requirement
from restow.core.errors import InputError
from restow.sources.scheduler_config import added_affinity

HEAD = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}
TERM = {"matchExpressions": [{"key": "team", "operator": "Exists"}]}
UNKNOWN = {"matchExpressions": [{"key": "a", "operator": "Near"}]}
NUMBER = {"name": "NodeAffinity", "args": {"addedAffinity": 7}}
EXISTS = NodeSelectorTerm(expressions=(Requirement(key="team", operator=Operator.EXISTS),))


def adding(*terms: object, **profile: object) -> dict[str, object]:
    required = {"nodeSelectorTerms": list(terms)}
    affinity = {"requiredDuringSchedulingIgnoredDuringExecution": required}
    args = {"apiVersion": HEAD["apiVersion"], "addedAffinity": affinity}
    others = [{"name": "NodeResourcesFit", "args": {"scoringStrategy": {"type": "MostAllocated"}}}]
    return {**profile, "pluginConfig": [*others, {"name": "NodeAffinity", "args": args}]}


def written(folder: Path, *profiles: object, **more: object) -> Path:
    path = folder / "scheduler.yaml"
    path.write_text(yaml.safe_dump({**HEAD, "profiles": list(profiles), **more}))
    return path


def test_without_a_file_nothing_is_added() -> None:
    assert added_affinity(None) == {}


def test_each_profile_adds_to_the_pods_of_its_name(tmp_path: Path) -> None:
    profiles = (adding(TERM), adding(TERM, TERM, schedulerName="batch"), {"schedulerName": "bare"})
    path = written(tmp_path, *profiles, leaderElection={"leaderElect": True})
    assert added_affinity(path) == {"default-scheduler": (EXISTS,), "batch": (EXISTS, EXISTS)}


def test_json_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "scheduler.json"
    path.write_text(json.dumps({**HEAD, "profiles": [adding(TERM)]}))
    assert added_affinity(path) == {"default-scheduler": (EXISTS,)}


@pytest.mark.parametrize(
    "profile",
    [
        {},
        {"pluginConfig": [{"name": "NodeAffinity"}]},
        {"pluginConfig": [{"name": "NodeAffinity", "args": {"addedAffinity": {}}}]},
        {
            "pluginConfig": [
                {
                    "name": "NodeAffinity",
                    "args": {
                        "addedAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}
                    },
                }
            ]
        },
    ],
)
def test_profile_that_requires_nothing_adds_nothing(
    profile: dict[str, object], tmp_path: Path
) -> None:
    assert added_affinity(written(tmp_path, profile)) == {}


def test_terms_without_any_take_no_node_and_are_kept(tmp_path: Path) -> None:
    assert added_affinity(written(tmp_path, adding())) == {"default-scheduler": ()}


@pytest.mark.parametrize(
    ("profiles", "says"),
    [
        ([adding(UNKNOWN)], ["'Near'", "profiles[0]"]),
        ([{"pluginConfig": [NUMBER]}], ["7 is not", "args.addedAffinity"]),
        ("none", ["'none'", "profiles"]),
    ],
)
def test_field_that_cannot_be_used_is_named(
    profiles: object, says: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "scheduler.yaml"
    path.write_text(yaml.safe_dump({**HEAD, "profiles": profiles}))
    with pytest.raises(InputError) as error:
        added_affinity(path)
    assert [word for word in (*says, str(path)) if word not in str(error.value)] == []


@pytest.mark.parametrize(
    "document", [{"apiVersion": "v1", "kind": "Pod"}, {**HEAD, "apiVersion": "v1"}]
)
def test_file_that_is_something_else_is_refused(
    document: dict[str, object], tmp_path: Path
) -> None:
    path = tmp_path / "scheduler.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(InputError, match=r"KubeSchedulerConfiguration.*--config"):
        added_affinity(path)
