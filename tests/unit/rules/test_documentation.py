import re
from pathlib import Path

from restow.core.reasons import Reason
from restow.rules.moving import opt_outs

DOCUMENT = (Path(__file__).parents[3] / "docs" / "rules.md").read_text()


def test_every_reason_has_exactly_one_row() -> None:
    rows = re.findall(r"^\| `([A-Za-z]+)` \|", DOCUMENT, flags=re.MULTILINE)
    assert sorted(rows) == sorted(Reason)


def test_every_opt_out_is_documented() -> None:
    for name in (
        opt_outs.SAFE_TO_EVICT,
        opt_outs.DO_NOT_DISRUPT,
        opt_outs.EVICT,
        opt_outs.PREFER_NO_EVICTION,
        opt_outs.EVICTION_COST,
        *opt_outs.MOVED_BY_OTHERS,
    ):
        assert name in DOCUMENT or f"…/{name.rpartition('/')[2]}" in DOCUMENT
