"""Random scenes: seeded, and weighted towards the corners of every rule and their combinations."""

from e2e.conform.generate.scenes import PROBES, named, scene

__all__ = ["PROBES", "named", "scene"]
