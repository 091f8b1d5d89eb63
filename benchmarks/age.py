"""How old this process is: limits count from its start, so that who waits waits no longer."""

import os
import time
from pathlib import Path


def age() -> float:
    """Return for how long this process has been running, in seconds."""
    start = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(start) / os.sysconf("SC_CLK_TCK")
