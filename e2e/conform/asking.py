"""Scenes put before kube-scheduler, and again when it seems to disagree."""

from collections.abc import Iterator, Sequence
from typing import Final

from e2e.conform.generate import scene
from e2e.conform.judge import disagreements
from e2e.conform.oracle import NoVerdictError, Oracle
from e2e.conform.scene import Recorded
from restow.rules.registry import RULES
from restow.rules.rule import Rule

CALM_S: Final = 2.0
"""For everything to have arrived for certain, also on a busy machine."""


def asked(
    oracle: Oracle,
    *,
    seed: int,
    cases: int,
    topic: str | None = None,
    rules: Sequence[Rule] = RULES,
) -> Iterator[Recorded]:
    """Yield scenes of `seed` with what kube-scheduler said, at least `cases` pods in all.

    With a `topic` all of them are about it.

    A scene with a disagreement is asked about once more after a longer wait, with other names: pods
    of the first time may still hold devices in kube-scheduler's memory. What it says then counts.
    So is one of which kube-scheduler said nothing in time.
    """
    done = index = 0
    while done < cases:
        drawn = scene(seed, index, topic)
        again = scene(seed, index, topic, "-again")
        try:
            judged = oracle.judge(drawn)
        except NoVerdictError:  # the machine stood still for a while
            judged = oracle.judge(again, settle_s=CALM_S)
        else:
            if any(disagreements(judged, rules)):
                judged = oracle.judge(again, settle_s=CALM_S)
        yield judged
        done, index = done + len(judged.verdicts), index + 1
