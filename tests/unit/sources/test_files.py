"""Snapshots from files: every form a dump may have, and one line for every wrong one."""

import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from restow.cluster.parse import KINDS, Kind
from restow.core.errors import InputError
from restow.core.ids import ObjectKey
from restow.sources.files import Dump, read

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Document = dict[str, Any]
NODE: Document = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "n1"},
    "status": {"allocatable": {"cpu": "8", "pods": "110"}},
}
SERVICE: Document = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}}
POLICY: Document = {
    "apiVersion": "restow.dev/v1alpha1",
    "kind": "PackingPolicy",
    "metadata": {"name": "p"},
    "spec": {"mode": "Banana"},
}


def a_pod(name: str = "a", node: str = "n1", **container: Any) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": name,
            "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": {"nodeName": node, "containers": [{"name": "c"} | container]},
        "status": {"phase": "Running"},
    }


def a_list(*items: Document, kind: str = "List") -> Document:
    return {"apiVersion": "v1", "kind": kind, "metadata": {}, "items": list(items)}


def untyped(document: Document) -> Document:
    return {key: value for key, value in document.items() if key not in {"kind", "apiVersion"}}


def read_bytes(*bodies: bytes, folder: Path) -> Dump:
    paths = []
    for number, body in enumerate(bodies):
        path = folder / f"dump{number}"
        path.write_bytes(body)
        paths.append(path)
    return read(paths, io.BytesIO(), NOW)


def to_json(*documents: Document) -> bytes:
    return "\n".join(json.dumps(each) for each in documents).encode()


def to_yaml(*documents: Document) -> bytes:
    return yaml.safe_dump_all(documents).encode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(to_json(a_list(NODE, a_pod())), id="a List in JSON"),
        pytest.param(json.dumps(a_list(NODE, a_pod()), indent=4).encode(), id="indented"),
        pytest.param(to_json(NODE, a_pod()), id="JSON objects in a row"),
        pytest.param(
            to_json(
                a_list(untyped(NODE), kind="NodeList"), a_list(untyped(a_pod()), kind="PodList")
            ),
            id="typed lists of the raw API",
        ),
        pytest.param(to_json(a_list(a_list(NODE), a_list(a_pod()))), id="Lists of Lists"),
        pytest.param(to_yaml(NODE, a_pod()), id="YAML documents"),
        pytest.param(to_yaml(a_list(NODE, a_pod())), id="a List in YAML"),
        pytest.param(b"---\n---\n" + to_yaml(NODE, a_pod()) + b"---\n", id="empty documents"),
        pytest.param(gzip.compress(to_json(a_list(NODE, a_pod()))), id="gzipped"),
        pytest.param(b"\xef\xbb\xbf" + to_json(a_list(NODE, a_pod())), id="with a byte order mark"),
    ],
)
def test_every_form_gives_the_same_snapshot(body: bytes, tmp_path: Path) -> None:
    found = read_bytes(body, folder=tmp_path)
    assert list(found.snapshot.pods) == [ObjectKey("default", "a")]
    assert list(found.snapshot.nodes) == ["n1"]
    assert found.snapshot.taken_at == NOW
    assert found == read_bytes(to_json(a_list(NODE, a_pod())), folder=tmp_path)


def test_several_files_and_standard_input_are_one_cluster(tmp_path: Path) -> None:
    path = tmp_path / "nodes.json"
    path.write_bytes(to_json(NODE))
    found = read([path, "-"], io.BytesIO(to_json(a_pod())), NOW)
    assert (len(found.snapshot.nodes), len(found.snapshot.pods)) == (1, 1)


@pytest.mark.parametrize("form", [to_json, to_yaml])
def test_policies_are_kept_raw_and_other_kinds_counted(
    form: Callable[..., bytes], tmp_path: Path
) -> None:
    found = read_bytes(form(NODE, POLICY, SERVICE, SERVICE), folder=tmp_path)
    assert found.policies == (("p", POLICY),)
    assert found.skipped == {"Service": 2}


def test_unquoted_times_in_yaml_are_read(tmp_path: Path) -> None:
    body = to_yaml(NODE, a_pod()).replace(b"'2026-01-01T00:00:00Z'", b"2026-01-01T00:00:00Z")
    assert b"'2026" not in body
    assert len(read_bytes(body, folder=tmp_path).snapshot.pods) == 1


def test_the_same_object_twice_counts_once(tmp_path: Path) -> None:
    assert len(read_bytes(to_json(NODE, a_pod(), a_pod()), folder=tmp_path).snapshot.pods) == 1


def test_the_same_policy_twice_counts_once_and_two_of_one_name_are_refused(tmp_path: Path) -> None:
    later = POLICY | {"status": {"pendingPods": 1}}
    found = read_bytes(to_json(NODE, POLICY), to_yaml(later), folder=tmp_path)
    assert found.policies == (("p", POLICY),)
    other = POLICY | {"spec": {"mode": "Act"}}
    with pytest.raises(InputError, match=r"PackingPolicy p: is also in .*, and differs; keep one"):
        read_bytes(to_json(NODE, POLICY), to_yaml(other), folder=tmp_path)


def test_pod_on_a_node_that_is_not_there_is_kept_with_a_warning(tmp_path: Path) -> None:
    found = read_bytes(to_json(NODE, a_pod(node="n9")), folder=tmp_path)
    assert len(found.snapshot.pods) == 1
    (warning,) = found.warnings
    assert "n9" in warning
    assert "default/a" in warning


LONG = 3 * 1024 * 1024


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "holds no Kubernetes object; fill it with"),
        (b"---\n# nothing\n", "holds no Kubernetes object"),
        (to_json(a_list(NODE, a_pod()))[:-40], "the JSON is cut off"),
        (b'{"kind": Pod}', "this is no JSON"),
        (to_json(NODE) + b'\n{"kind": ', "document 2: this is no JSON"),
        (b"[1, 2]", "this is no Kubernetes object"),
        (b'{"items": []}', "`kind` or `apiVersion` is missing"),
        (b'{"kind": 5}', "this is no Kubernetes object"),
        (b'{"apiVersion": "v1", "kind": "List", "items": {}}', "items: this is no list"),
        (b'{"a":' * 5000, "the JSON is nested too deeply"),
        (b"just a sentence", "it is no mapping"),
        (to_yaml(NODE) + b"---\nkind: Pod\n  a: [", "document 2: this is no YAML at line"),
        (b"a: 'b", "this is no YAML at line 1, column 6"),
        (b"\xff\xfe\x00", "this is no YAML"),
        (gzip.compress(to_json(NODE))[:-9], "the gzip stream is broken"),
        (b"\0" * LONG, "in the first 65536 bytes"),
        (gzip.compress(b"\0" * LONG), "in the first 65536 bytes"),
        (b"key: value\n" * (LONG // 10), "in the first 65536 bytes"),
        (to_yaml(NODE) + b"---\n" + b"- x\n" * LONG, "in the first 65536 bytes"),
        (
            to_json(NODE, a_pod(resources={"requests": {"cpu": "5x"}})),
            "document 2: Pod default/a: spec.containers[0].resources.requests[cpu]: '5x' is not",
        ),
        (
            to_yaml(NODE, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}),
            "document 2: Pod default/a: spec: the field is missing",
        ),
        (to_json(NODE, a_pod(), a_pod(node="n2")), "Pod default/a: is also in"),
        (to_json(a_pod()), "holds 1 pods but no node; add the nodes"),
        (to_json(NODE, POLICY | {"metadata": {}}), "PackingPolicy without a name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_input_is_one_clear_line(body: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_bytes(body, folder=tmp_path)
    assert says in str(caught.value)
    assert "dump0" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none: cannot be read: No such file"):
        read([tmp_path / "none"], io.BytesIO(), NOW)


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS.values() if kind.optional], ids=lambda kind: kind.name
)
def test_optional_kind_in_another_version_is_left_out_and_said(kind: Kind, tmp_path: Path) -> None:
    group = kind.api_version.partition("/")[0]
    older = {"apiVersion": f"{group}/v0", "kind": kind.name, "metadata": {"name": "o"}}
    dump = read_bytes(json.dumps(NODE).encode(), json.dumps(older).encode(), folder=tmp_path)
    assert dump.snapshot.absent == {kind.name}
    assert dump.skipped == {kind.name: 1}
    assert any(f"restow reads {kind.api_version}" in line for line in dump.warnings)
