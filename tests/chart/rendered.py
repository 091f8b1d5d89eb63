"""The chart as real helm renders it."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from hack.generate import CHART, GATE_VERSION, find_helm

Manifest = dict[str, Any]
BETA = GATE_VERSION.replace("/v1/", "/v1beta1/")


def helm(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run helm; whether it succeeds is for the test to judge."""
    program = find_helm()
    assert program is not None, "chart tests need helm: run `make controlplane`, or set HELM"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def render(*sets: str, values: Path | None = None, api: str = GATE_VERSION) -> list[Manifest]:
    """Return the objects of the chart with `--set-json`; `api` is what the API server has."""
    arguments = ["template", "restow", str(CHART), "--namespace=packing", "--api-versions", api]
    arguments += [f"--values={values}"] if values else []
    done = helm(*arguments, *(part for each in sets for part in ("--set-json", each)))
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def refusal(*sets: str) -> str:
    """Return what helm says to values that it does not take."""
    done = helm(
        "template",
        "restow",
        str(CHART),
        *(part for each in sets for part in ("--set-json", each)),
    )
    assert done.returncode != 0, "helm took it"
    return done.stderr


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    """Return the objects of a kind."""
    return [each for each in manifests if each["kind"] == kind]


def the(manifests: list[Manifest], kind: str) -> Manifest:
    """Return the only object of a kind."""
    (found,) = of_kind(manifests, kind)
    return found
