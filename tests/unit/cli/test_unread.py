"""What is said of kinds that cannot be read."""

import pytest

from restow.cli.unread import PLANNING, RECORDING, tell_unread
from restow.cluster.parse import KINDS


def test_every_kind_of_others_has_a_word_on_what_follows_for_a_plan() -> None:
    custom = {name for name, kind in KINDS.items() if kind.custom}
    assert set(PLANNING) == custom
    assert set(RECORDING) <= custom


def test_a_kind_that_could_not_be_read_meanwhile_is_said_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tell_unread({"NodeClaim", "KubeVirt"}, {"KubeVirt": "500"}, RECORDING)
    assert capsys.readouterr().err.splitlines() == [
        "warning: KubeVirt cannot be read (500): virtual machines are recorded as pods that stay",
        "warning: NodeClaim cannot be read (it could not for a while): nothing here rests on it",
    ]
