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
    mark = f"{MARK}={workdir}".encode()
    pids = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = environ.read_bytes().split(b"\0")
        except OSError:  # ended meanwhile, or another user's
            continue
        if mark in variables:
            pids.append(int(environ.parent.name))
    return pids


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
