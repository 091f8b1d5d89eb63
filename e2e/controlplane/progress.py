"""Shows how far a long build is: one line rewritten on a terminal, else a line now and then."""

import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

TERMINAL_EVERY_S = 0.5
LOG_EVERY_S = 30.0


class Progress:
    """Runs one command at a time and reports, per line it prints, what it is at."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._tty = sys.stdout.isatty()
        self._state = ""
        self._stop = threading.Event()

    def run(
        self, what: str, command: list[str], *, cwd: Path, env: dict[str, str], total: int = 0
    ) -> list[str]:
        """Run a command and return what it printed, line by line; `total` lines are expected.

        Raises
        ------
        SystemExit
            If the command fails, after printing the last lines it said.
        """
        self._state, self._stop = what, threading.Event()
        ticker = threading.Thread(target=self._tick, daemon=True)
        ticker.start()
        lines: list[str] = []
        last = deque[str](maxlen=40)
        with subprocess.Popen(
            command, cwd=cwd, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line.rstrip())
                last.append(lines[-1])
                done = f"{len(lines)} of {total} packages, " if total else ""
                self._state = f"{what}: {done}{lines[-1][:60]}"
        self._stop.set()
        ticker.join()
        if process.returncode != 0:
            sys.exit("\n".join([*last, f"{what} failed: {' '.join(command[:3])} …"]))
        self.say(f"{what}: done")
        return lines

    def say(self, text: str) -> None:
        """Print one line with the time since the start."""
        elapsed = int(time.monotonic() - self._started)
        clear = "\r\x1b[K" if self._tty else ""
        print(f"{clear}[{elapsed // 60:2d}:{elapsed % 60:02d}] {text}", flush=True)

    def _tick(self) -> None:
        while not self._stop.wait(TERMINAL_EVERY_S if self._tty else LOG_EVERY_S):
            if self._tty:
                elapsed = int(time.monotonic() - self._started)
                line = f"[{elapsed // 60:2d}:{elapsed % 60:02d}] {self._state}"
                print(f"\r\x1b[K{line[:110]}", end="", flush=True)
            else:
                self.say(self._state)
