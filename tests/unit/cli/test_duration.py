import pytest

from restow.cli.duration import seconds
from restow.core.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10s", 10),
        ("500ms", 0.5),
        ("2m", 120),
        ("1h", 3600),
        ("7", 7),
        ("1.5s", 1.5),
        ("2d", 172_800),
    ],
)
def test_durations_are_read(text: str, expected: float) -> None:
    assert seconds(text, "--time-limit") == expected


@pytest.mark.parametrize("text", ["", "0s", "-1s", "soon", "10 s", "1w", "s"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="--time-limit"):
        seconds(text, "--time-limit")
