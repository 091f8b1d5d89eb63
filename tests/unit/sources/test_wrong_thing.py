"""Large files of the wrong thing: one line each, in a process that may not take much memory."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

LARGE = 50 * 1000 * 1000
MEMORY = 1 << 30
GIVE_UP_S = 120

READ = f"""
import io, resource, sys
from datetime import UTC, datetime
from restow.core.errors import InputError
from restow.sources import files
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
try:
    files.read([sys.argv[1]], io.BytesIO(), datetime.now(UTC))
except InputError as error:
    print(error)
"""

NODE = '{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "status": {}}'


def aliases_of_items() -> bytes:
    levels = [f"a0: &a0 {NODE}"]
    levels += [
        f"a{n}: &a{n} {{apiVersion: v1, kind: List, items: [{', '.join([f'*a{n - 1}'] * 10)}]}}"
        for n in range(1, 10)
    ]
    return "\n".join(["apiVersion: v1", "kind: List", *levels, "items: [*a9]"]).encode()


def aliases_of_merges() -> bytes:
    levels = ["a0: &a0 {x: 1, y: 2}"]
    levels += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 30)]
    return "\n".join(["apiVersion: v1", "kind: Pod", *levels]).encode()


def a_long_name() -> bytes:
    return json.dumps(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a" * LARGE}}
    ).encode()


def a_name_that_fits() -> bytes:
    return json.dumps(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a\n" * 1_000_000}}
    ).encode()


def many_that_lack_everything() -> bytes:
    item = b'{"apiVersion":"v1","kind":"Pod","x":1},'
    items = item * (LARGE // len(item))
    return b'{"apiVersion":"v1","kind":"List","items":[' + items[:-1] + b"]}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (lambda: bytes(range(256)) * (LARGE // 256), "no Kubernetes object"),
        (lambda: b'"' + b"a" * LARGE + b'"', "no Kubernetes object"),
        (lambda: b"2026-01-01 kind: something happened\n" * (LARGE // 36), "no Kubernetes object"),
        (lambda: b'{"a":' * (LARGE // 5), "nested too deeply"),
        (lambda: gzip.compress(bytes(LARGE), 1), "no Kubernetes object"),
        (a_long_name, "no Pod has 47 MiB"),
        (a_name_that_fits, "spec: the field is missing"),
        (many_that_lack_everything, "item 0: Pod: metadata"),
        (aliases_of_items, "aliases stand for more than"),
        (aliases_of_merges, "aliases stand for more than"),
        (lambda: b"apiVersion: v1\nkind: Pod\nmetadata: &a {b: *a}\n", "stands inside"),
    ],
    ids=[
        "binary",
        "string",
        "log",
        "deep",
        "packed",
        "long name",
        "name with line breaks",
        "items",
        "alias bomb",
        "merge bomb",
        "circle",
    ],
)
def test_wrong_thing_is_one_short_line_and_takes_little_memory(
    content: Callable[[], bytes], says: str, tmp_path: Path
) -> None:
    file = tmp_path / "odd"
    file.write_bytes(content())
    done = subprocess.run(
        [sys.executable, "-c", READ, str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=GIVE_UP_S,
    )
    assert done.stderr == ""
    (line,) = done.stdout.splitlines()
    assert str(file) in line
    assert says in line
    assert len(line) < 1000
