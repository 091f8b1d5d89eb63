"""Builds the descheduler from the Go module proxy into the cache, when it is first needed."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from e2e.controlplane.build import ENVIRONMENT, cache
from e2e.controlplane.golang import toolchain

HERE: Final = Path(__file__).parent
PACKAGE: Final = "sigs.k8s.io/descheduler/cmd/descheduler"


def descheduler() -> Path:
    """Return the binary that `go.mod` beside this file asks for; a first build takes minutes.

    Raises
    ------
    subprocess.CalledProcessError
        It cannot be built.
    """
    key = hashlib.sha256((HERE / "go.mod").read_bytes() + (HERE / "go.sum").read_bytes())
    binary = cache() / "descheduler" / key.hexdigest()[:16] / "descheduler"
    if not binary.exists():
        partial = binary.with_name(f".building-{os.getpid()}")
        partial.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [
                str(toolchain(cache())),
                "build",
                "-trimpath",
                "-ldflags",
                "-s -w",
                "-o",
                partial,
                PACKAGE,
            ],
            cwd=HERE,
            env=os.environ | ENVIRONMENT,
            check=True,
        )
        shutil.move(partial, binary)
    return binary
