"""A run is undone however it ends."""

import os
import subprocess
import sys
import time
from pathlib import Path

from e2e.cluster import reaper
from e2e.cluster.workdir import Workdir, undo_dead_runs


def wait_until_gone(path: Path) -> None:
    deadline = time.monotonic() + 10
    while path.exists():
        assert time.monotonic() < deadline, f"{path} is still there"
        time.sleep(0.02)


def test_closing_a_run_runs_its_undo_commands_and_removes_its_directory(tmp_path: Path) -> None:
    run = Workdir()
    proof = tmp_path / "undone"
    run.undo_with(["touch", str(proof)])
    run.close()
    assert proof.exists()
    assert not run.path.exists()


def test_closing_a_run_ends_the_processes_that_carry_its_mark() -> None:
    run = Workdir()
    with subprocess.Popen(["sleep", "60"], env=run.environment) as sleeper:
        run.close()
        assert sleeper.wait(5) != 0


def test_killed_run_is_undone_by_its_reaper(tmp_path: Path) -> None:
    proof = tmp_path / "undone"
    code = (
        "import os, signal; from e2e.cluster.workdir import Workdir; run = Workdir();"
        f"run.undo_with(['touch', {str(proof)!r}]); print(run.path, flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(reaper.__file__).parents[2]
    died = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    wait_until_gone(Path(died.stdout.strip()))
    assert proof.exists()


def test_run_whose_reaper_died_is_undone_by_the_next_run(tmp_path: Path) -> None:
    run = Workdir()
    proof = tmp_path / "undone"
    run.undo_with(["touch", str(proof)])
    run._reaper.kill()
    run._reaper.wait()
    undo_dead_runs()
    run.close()
    assert proof.exists()
    assert not run.path.exists()


def test_run_that_lives_is_left_alone() -> None:
    run = Workdir()
    undo_dead_runs()
    assert run.path.exists()
    run.close()


def test_run_that_never_got_to_its_commands_has_nothing_to_undo(tmp_path: Path) -> None:
    assert reaper.commands(tmp_path) == []
    assert os.getpid() not in reaper._marked(tmp_path)


def test_processes_just_started_carry_their_mark(tmp_path: Path) -> None:
    """Right after an exec /proc shows no environment yet, of most processes on a busy machine."""
    marked = os.environ | {reaper.MARK: str(tmp_path)}
    for _ in range(20):
        with subprocess.Popen(["sleep", "60"], env=marked) as sleeper:
            found = reaper._marked(tmp_path)
            sleeper.kill()
        assert found == [sleeper.pid]


def test_process_without_any_environment_is_nobodys(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"], env={}) as sleeper:
        found = reaper._marked(tmp_path)
        sleeper.kill()
    assert found == []
