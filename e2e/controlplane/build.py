"""Builds the control plane's binaries into the cache: `python -m e2e.controlplane.build`.

They are built from `go.mod` beside this file, once per content of `go.mod`, `go.sum` and flags.
"""

import fcntl
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from e2e.controlplane.golang import toolchain
from e2e.controlplane.progress import Progress

HERE: Final = Path(__file__).parent
KUBERNETES: Final = "v1.37.2"
_VERSION: Final = "k8s.io/component-base/version.git"
FLAGS: Final = (
    "-trimpath",
    "-ldflags",
    f"-s -w -X {_VERSION}Version={KUBERNETES} -X {_VERSION}Major=1 -X {_VERSION}Minor=37",
)
ENVIRONMENT: Final = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOTOOLCHAIN": "local"}
NEEDED_BYTES: Final = 9 * 1024**3  # seen: 5.5 GB build cache, 1.7 GB modules, 0.6 GB binaries


def cache() -> Path:
    """Return the directory outside the tree where restow keeps what is costly to make."""
    own = os.environ.get("RESTOW_CACHE")
    return Path(own).expanduser() if own else Path.home() / ".cache" / "restow"


def home() -> Path:
    """Return the directory of the binaries that belong to this tree, built or not."""
    key = hashlib.sha256()
    for part in (HERE / "go.mod", HERE / "go.sum"):
        key.update(part.read_bytes())
    key.update("\0".join([*FLAGS, *map(str, sorted(ENVIRONMENT.items()))]).encode())
    return cache() / "controlplane" / key.hexdigest()[:16] / "bin"


def binary(name: str) -> Path:
    """Return the path of a built binary, such as `kubectl`.

    Raises
    ------
    FileNotFoundError
        If it was not built yet.
    """
    path = home() / name
    if not path.exists():
        raise FileNotFoundError(f"{path}: run `make controlplane` first")
    return path


def build() -> Path:
    """Build what is missing and return the directory of the binaries."""
    target = home()
    if target.exists():
        return target
    target.parent.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(target.parent.parent / "lock"):
        if not target.exists():
            _build_into(target.parent)
    return target


def packages() -> list[str]:
    """Return the Go packages that go.mod names as tools."""
    block = re.search(r"^tool \((.*?)^\)", (HERE / "go.mod").read_text(), re.DOTALL | re.MULTILINE)
    assert block is not None
    return block[1].split()


def _build_into(target: Path) -> None:
    progress = Progress()
    progress.say(f"building Kubernetes {KUBERNETES}, etcd, KWOK, helm and kind into {target}")
    progress.say("a first build takes about 9 minutes on 2 cores; later ones only check the cache")
    if shutil.disk_usage(target.parent).free < NEEDED_BYTES:
        progress.say(f"warning: less than {NEEDED_BYTES // 1024**3} GB are free here")
    partial = target.with_name(f".building-{target.name}")
    shutil.rmtree(partial, ignore_errors=True)
    out = partial / "bin"
    out.mkdir(parents=True)
    go = str(toolchain(cache()))
    env = os.environ | ENVIRONMENT
    wanted = packages()
    progress.run("fetching modules", [go, "mod", "download", "-x"], cwd=HERE, env=env)
    listed = progress.run("listing packages", [go, "list", "-deps", *wanted], cwd=HERE, env=env)
    command = [go, "build", "-v", *FLAGS, "-o", f"{out}/", *wanted]
    progress.run("compiling", command, cwd=HERE, env=env, total=len(listed))
    (out / "server").rename(out / "etcd")  # the package that is etcd's server is called so
    partial.rename(target)
    progress.say(f"built: {', '.join(sorted(path.name for path in home().iterdir()))}")


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    """Hold a lock that the kernel drops when its holder dies."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another build of the control plane runs; waiting for it", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.stdout.write(f"{build()}\n")
