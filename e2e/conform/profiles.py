"""The profiles of the kube-scheduler that is asked, and what they add to their pods."""

from pathlib import Path
from typing import Final

CHOOSY: Final = "conform-choosy"
"""Name of the scheduler whose profile adds node affinity."""

PROFILES: Final = Path(__file__).with_name("scheduler.yaml")
"""Its configuration, as kube-scheduler and restow read it."""
