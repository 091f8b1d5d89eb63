"""Scenes put before kube-scheduler, and again when it seems to disagree."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from typing import Final

from e2e.conform.corpus import corpus
from e2e.conform.generate import scene
from e2e.conform.judge import disagreements
from e2e.conform.oracle import NoVerdictError, Oracle
from e2e.conform.scene import Recorded, Scene, renamed
from restow.rules.registry import RULES
from restow.rules.rule import Rule

CALM_S: Final = 2.0
"""For everything to have arrived for certain, also on a busy machine."""

Asked = tuple[Scene, Recorded]
"""A scene, and what kube-scheduler said of it."""


def asked(
    oracle: Oracle,
    *,
    seed: int,
    cases: int,
    topic: str | None = None,
    rules: Sequence[Rule] = RULES,
) -> Iterator[Asked]:
    """Yield scenes with what kube-scheduler said, at least `cases` pods in all.

    Those of the corpus come first, then those of `seed`. With a `topic` all of them are about it,
    and the corpus is left out.

    A scene with a disagreement is asked about once more after a longer wait, with other names: pods
    of the first time may still hold devices in kube-scheduler's memory. What it says then counts.
    So is one of which kube-scheduler said nothing in time.
    """
    done = 0
    for one in _scenes(seed, topic):
        if done >= cases:
            return
        found = _put(oracle, one, rules)
        yield found
        done += len(found[1].verdicts)


def _put(oracle: Oracle, one: Scene, rules: Sequence[Rule]) -> Asked:
    with suppress(NoVerdictError):  # the machine stood still for a while
        judged = oracle.judge(one)
        if not any(disagreements(judged, rules)):
            return one, judged
    again = renamed(one, f"{one.name}.again")
    return again, oracle.judge(again, settle_s=CALM_S)


def _scenes(seed: int, topic: str | None) -> Iterator[Scene]:
    if topic is None:
        yield from corpus()
    for index in count():
        yield scene(seed, index, topic)
