"""A directory of one run, with a reaper that undoes the run when its process ends."""

import fcntl
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from e2e.cluster import reaper

PREFIX: Final = "restow-e2e-"
ROOT: Final = Path(__file__).parents[2]


class Workdir:
    """A fresh directory; `close` (or the death of this process) runs what `undo_with` was told."""

    def __init__(self) -> None:
        undo_dead_runs()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.environment = os.environ | {reaper.MARK: str(self.path)}
        self._reaper = subprocess.Popen(
            [sys.executable, "-m", "e2e.cluster.reaper", str(self.path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C must not reach it
        )
        assert self._reaper.stdout is not None
        self._reaper.stdout.readline()  # from here on the directory counts as alive

    def undo_with(self, *commands: list[str]) -> None:
        """Replace the commands that undo this run."""
        partial = self.path / f"{reaper.UNDO}.partial"
        partial.write_text(json.dumps(commands))
        partial.rename(self.path / reaper.UNDO)

    def close(self) -> None:
        """Have the run undone and wait for it."""
        self._reaper.communicate()


def undo_dead_runs() -> None:
    """Undo runs whose reaper died before it could, such as by a restart of the machine."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            alive = (path / reaper.ALIVE).open("r+")
        except OSError:  # just being made, or just being removed
            continue
        with alive:
            try:
                fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            reaper.undo(path)
