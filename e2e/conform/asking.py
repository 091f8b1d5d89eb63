"""Scenes put before kube-scheduler, and again when it seems to disagree."""

from collections.abc import Iterator

from e2e.conform.generate import scene
from e2e.conform.judge import disagreements
from e2e.conform.oracle import Oracle
from e2e.conform.scene import Recorded

CALM_S = 2.0
"""For everything to have arrived for certain, also on a busy machine."""


def asked(oracle: Oracle, *, seed: int, cases: int) -> Iterator[Recorded]:
    """Yield scenes of `seed` with what kube-scheduler said, at least `cases` pods in all.

    A scene with a disagreement is asked about once more after a longer wait; what it says then
    counts.
    """
    done = index = 0
    while done < cases:
        drawn = scene(seed, index)
        judged = oracle.judge(drawn)
        if any(disagreements(judged)):
            judged = oracle.judge(drawn, settle_s=CALM_S)
        yield judged
        done, index = done + len(judged.verdicts), index + 1
