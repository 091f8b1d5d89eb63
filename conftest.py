"""Fixtures of the cluster tests, for `tests/contract` and `e2e/scenarios` alike."""

pytest_plugins = ["e2e.plugin"]
