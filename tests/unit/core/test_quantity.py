"""Quantities against what k8s.io/apimachinery v0.37.2 made of them (tests/golden).

Rows that upstream itself gets wrong, beyond 64 bits, are not among them.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restow.core.quantity import LARGEST, value, value_milli, whole

GOLDEN = Path("tests/golden/quantities.jsonl").read_text().splitlines()


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: json.loads(row)["text"])
def test_reads_what_upstream_reads(row: str) -> None:
    expected = json.loads(row)
    if expected["value"] is None:
        with pytest.raises(ValueError, match="is not a quantity"):
            value(expected["text"])
    else:
        text = expected["text"]
        assert (value(text), value_milli(text)) == (expected["value"], expected["milli"])


@pytest.mark.parametrize(
    "text",
    ["", "+", ".", "m", "E", " 1", "1 ", "1 Gi", "0x1", "1_0", "\u0661", "NaN", "inf", "1e", "--1"],
)
def test_refuses_what_is_no_quantity_and_quotes_it(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        value_milli(text)


def test_quotes_only_the_beginning_of_something_very_long() -> None:
    with pytest.raises(ValueError, match=r"^'9{37}\.\.\.' is not"):
        value("9" * 100_000)


def test_caps_what_no_machine_has() -> None:
    assert value("1e60") == LARGEST


@pytest.mark.property
@given(st.integers(0, 10**9), st.sampled_from(["", "k", "M", "Ki", "Mi", "m", "u"]))
def test_rounds_up_and_never_by_a_whole_unit(number: int, suffix: str) -> None:
    text = f"{number}{suffix}"
    assert 0 <= value(text) * 1000 - value_milli(text) < 1000
    assert value(text) == whole(value_milli(text))
    assert value(f"-{text}") == -value(text)


@pytest.mark.property
@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value(text)
    except ValueError:
        return
    assert text.isascii()
