"""Undoes a run when the run ends, however it ends: also when it was killed.

`python -m e2e.cluster.reaper WORKDIR` reads stdin until its writer is gone, then runs the commands
in `WORKDIR/undo.json`, ends the processes that carry the run's mark, and removes WORKDIR.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

MARK: Final = "RESTOW_E2E_WORKDIR"
UNDO: Final = "undo.json"
ALIVE: Final = "alive"
TIMEOUT_S: Final = 120
STARTING_S: Final = 1.0
"""How long a process may take from its exec to its environment."""


def undo(workdir: Path) -> None:
    """Run the undo commands of a run, end its processes, remove its directory."""
    for argv in commands(workdir):
        try:
            subprocess.run(
                argv,
                env=os.environ | {"KWOK_WORKDIR": str(workdir / "kwok")},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
                timeout=TIMEOUT_S,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            print(f"could not undo {argv}: {error}", file=sys.stderr)
    _end_processes(workdir)
    shutil.rmtree(workdir, ignore_errors=True)


def commands(workdir: Path) -> list[list[str]]:
    """Return the commands that undo a run, none if it did not get that far."""
    try:
        found: list[list[str]] = json.loads((workdir / UNDO).read_text())
    except (OSError, ValueError):
        return []
    return found


def _end_processes(workdir: Path) -> None:
    mine = os.getpid()
    for sign in (signal.SIGTERM, signal.SIGKILL):
        left = [pid for pid in _marked(workdir) if pid != mine]
        for pid in left:
            try:
                os.kill(pid, sign)
            except ProcessLookupError:
                continue
        if left:
            time.sleep(0.5)


def _marked(workdir: Path) -> list[int]:
    """Return the processes that carry the run's mark.

    Between an exec and the new program's first instruction /proc shows an empty environment: such
    a process is asked again. One that was really started without any stays empty.
    """
    mark = f"{MARK}={workdir}".encode()
    pids: list[int] = []
    asked = list(Path("/proc").glob("[0-9]*"))
    deadline = time.monotonic() + STARTING_S
    while asked:
        starting = []
        for process in asked:
            environment = _environment(process)
            if environment is None:
                starting.append(process)
            elif mark in environment:
                pids.append(int(process.name))
        asked = starting if time.monotonic() < deadline else []
        if asked:
            time.sleep(0.01)
    return pids


def _environment(process: Path) -> list[bytes] | None:
    """Return a process's environment, None while it is just being started."""
    try:
        environment = (process / "environ").read_bytes()
        if environment:
            return environment.split(b"\0")
        # A kernel thread and a zombie have no memory, and never an environment.
        has_memory = not (process / "statm").read_bytes().startswith(b"0 ")
    except OSError:  # ended meanwhile, or another user's
        return []
    return None if has_memory else []


def main() -> None:
    """Wait for the end of the run that started this process, then undo it."""
    workdir = Path(sys.argv[1])
    with (workdir / ALIVE).open("w") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        print("ready", flush=True)
        sys.stdin.read()
        undo(workdir)


if __name__ == "__main__":
    main()
