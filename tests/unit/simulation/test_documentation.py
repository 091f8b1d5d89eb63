"""docs/simulation.md names what there is."""

from pathlib import Path
from typing import Final

import pytest

from restow.simulation.placing.names import PolicyName
from restow.simulation.traces.lines import KINDS, HeaderLine

PAGE: Final = (Path(__file__).parents[3] / "docs" / "simulation.md").read_text()

FIELDS: Final = sorted(
    {name for kind in (HeaderLine, *KINDS.values()) for name in kind.model_fields}
)


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_of_a_trace_is_described(field: str) -> None:
    assert f"`{field}`" in PAGE


@pytest.mark.parametrize("policy", list(PolicyName))
def test_every_policy_is_described(policy: PolicyName) -> None:
    assert f"| `{policy}` |" in PAGE
