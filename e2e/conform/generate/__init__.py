"""Random scenes: seeded, and weighted towards the corners of every rule and their combinations."""

from e2e.conform.generate.scenes import PROBES, scene

__all__ = ["PROBES", "scene"]
