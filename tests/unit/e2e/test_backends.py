"""What the backends would run, without running it."""

from pathlib import Path

import pytest
import yaml

from e2e.cluster import current, kind, kwok, local
from e2e.controlplane import build


@pytest.fixture(autouse=True)
def built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Binaries that are there, but empty."""
    monkeypatch.setenv("RESTOW_CACHE", str(tmp_path))
    home = build.home()
    home.mkdir(parents=True)
    for name in ("kwokctl", "kind", "kwok", "kubectl", "helm", *local.COMPONENTS.values()):
        (home / name).touch()
    return home


def test_local_cluster_runs_our_binaries_with_our_stages(built: Path) -> None:
    command = local.create_command("name", Path("/run/kubeconfig"), local.PLAYED)
    assert command[:4] == [str(built / "kwokctl"), "create", "cluster", "--name=name"]
    assert f"--etcd-binary={built}/etcd" in command
    assert f"--kwok-controller-binary={built}/kwok" in command
    assert f"--config={local.STAGES}" in command
    assert "--kubeconfig=/run/kubeconfig" in command, "the user's own kubeconfig stays untouched"


def test_kind_cluster_is_made_from_the_config_in_the_root(built: Path) -> None:
    command = kind.create_command("name", Path("/run/kubeconfig"))
    assert command[:4] == [str(built / "kind"), "create", "cluster", "--name=name"]
    assert f"--config={kind.CONFIG}" in command
    assert "--kubeconfig=/run/kubeconfig" in command


@pytest.mark.parametrize(("provider", "engine"), [("", "docker"), ("podman", "podman")])
def test_kind_cluster_gets_an_image_built_by_the_engine_kind_uses(
    monkeypatch: pytest.MonkeyPatch, provider: str, engine: str
) -> None:
    monkeypatch.setenv("KIND_EXPERIMENTAL_PROVIDER", provider)
    made, loaded = kind.image_commands("name")
    assert made[:4] == [engine, "build", "--tag", kind.IMAGE]
    assert loaded[1:] == ["load", "docker-image", "--name=name", kind.IMAGE]


def test_kwok_beside_a_cluster_leaves_real_nodes_alone() -> None:
    command = kwok.command(Path("/run/kubeconfig"))
    assert "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake" in command
    assert not any("manage-all-nodes" in argument for argument in command)


def test_current_cluster_loses_only_what_the_harness_put_there() -> None:
    for command in current.undo_commands(Path("/run/kubeconfig")):
        assert any(word.startswith("--selector=") for word in command) or any(
            "restow" in word for word in command[2:]
        ), command


def test_kind_worker_carries_restow_only() -> None:
    config = yaml.safe_load(kind.CONFIG.read_text())
    workers = [node for node in config["nodes"] if node["role"] == "worker"]
    assert [node["labels"] for node in workers] == [{"e2e.restow.dev/system": "true"}]
    patch = yaml.safe_load(workers[0]["kubeadmConfigPatches"][0])
    taints = patch["nodeRegistration"]["taints"]
    assert taints == [{"key": "e2e.restow.dev/system", "value": "true", "effect": "NoSchedule"}]


def test_stages_cover_nodes_and_pods() -> None:
    stages = list(yaml.safe_load_all(local.STAGES.read_text()))
    kinds = {stage["spec"]["resourceRef"]["kind"] for stage in stages}
    assert kinds == {"Node", "Pod"}, "kwok plays no kind that has no stage"


def test_binaries_are_built_anew_when_the_modules_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "go.mod").write_text("module a\n")
    (tmp_path / "go.sum").write_text("")
    monkeypatch.setattr(build, "HERE", tmp_path)
    before = build.home()
    (tmp_path / "go.mod").write_text("module b\n")
    assert build.home() != before
    monkeypatch.setattr(build, "FLAGS", ("-race",))
    assert build.home() != before


def test_tools_of_the_module_are_what_is_built() -> None:
    packages = build.packages()
    assert "k8s.io/kubernetes/cmd/kube-scheduler" in packages
    assert len(packages) == 10
