"""kind understands the config in the root: it gets as far as starting the nodes' containers."""

import os
import subprocess
from pathlib import Path

import pytest

from e2e.cluster import kind
from e2e.controlplane.build import build

pytestmark = pytest.mark.cluster

DOCKER = """#!/bin/sh
echo "$@" >> "$(dirname "$0")/calls"
case "$1" in
info) echo '{"ServerVersion":"28.0.0","CgroupVersion":"2","Driver":"overlay2"}' ;;
-v | version) echo "Docker version 28.0.0" ;;
run) exit 1 ;;
esac
"""


def test_kind_starts_the_nodes_that_the_config_names(tmp_path: Path) -> None:
    build()
    docker = tmp_path / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    done = subprocess.run(
        kind.create_command("restow", tmp_path / "kubeconfig"),
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0, "the stand-in cannot run containers"
    runs = [line for line in (tmp_path / "calls").read_text().splitlines() if line[:4] == "run "]
    started = {line.split()[2] for line in runs}  # the first that fails may keep the other back
    assert started
    assert started <= {"restow-control-plane", "restow-worker"}
