"""Base of every model of the custom resources, and how a validator states a contradiction."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, Strict
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Seconds = Annotated[float, Strict(), Field(allow_inf_nan=False)]

LABEL_NAME = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)$"
LABEL_KEY = (
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
)
LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"


class Model(BaseModel):
    """Frozen; camelCase outside, snake_case inside; unknown keys refused.

    The docstring under a field is its description in the CRD.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_by_name=True,
        validate_by_alias=True,
        alias_generator=to_camel,
        use_attribute_docstrings=True,
    )


def contradiction(*, field: str = "", problem: str, remedy: str) -> PydanticCustomError:
    """Return the error a validator raises, for `invalid.lines` to name field, problem and remedy.

    Parameters
    ----------
    field
        Path of the field below the model that is validated, in camelCase; empty for itself.
    """
    return PydanticCustomError(
        "contradiction", "{problem}", {"problem": problem, "remedy": remedy, "field": field}
    )
