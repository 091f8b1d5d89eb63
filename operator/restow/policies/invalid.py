"""What is wrong with a policy or a plan, one line per mistake: object, field, problem, remedy."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from restow.core.errors import InputError

M = TypeVar("M", bound=BaseModel)
NOUNS = {
    "bool_type": "true or false",
    "int_type": "a whole number, without quotes",
    "float_type": "a number, without quotes",
    "string_type": "text; quote it if it looks like a number",
    "model_type": "a mapping of fields",
    "dict_type": "a mapping of fields",
    "mapping_type": "a mapping of fields",
    "tuple_type": "a list",
    "timezone_aware": "a time with its zone, such as 2026-01-31T22:00:00Z",
    "datetime_type": "a time such as 2026-01-31T22:00:00Z",
    "datetime_from_date_parsing": "a time such as 2026-01-31T22:00:00Z",
    "datetime_parsing": "a time such as 2026-01-31T22:00:00Z",
    "finite_number": "a finite number",
}
"""What to write where the value has the wrong type, by the type of pydantic's error."""
BOUNDS = {
    "greater_than_equal": ("is too small", "use {ge} or more"),
    "greater_than": ("is too small", "use more than {gt}"),
    "less_than_equal": ("is too large", "use {le} or less"),
    "less_than": ("is too large", "use less than {lt}"),
    "too_short": ("is too short", "give at least {min_length} entries"),
    "too_long": ("is too long", "give at most {max_length} entries"),
    "string_too_short": ("is too short", "use at least {min_length} characters"),
    "string_too_long": ("is too long", "use at most {max_length} characters"),
    "string_pattern_mismatch": ("has the wrong form", "write it to match {pattern}"),
}
LONGEST_QUOTE = 60


def checked(model: type[M], value: object, *, where: str, at: str = "") -> M:
    """Return `value`, as read from YAML or JSON, as a model.

    Parameters
    ----------
    where
        The object or file, as its owner would name it.
    at
        Path of `value` inside that object (`spec`); empty for the whole.

    Raises
    ------
    InputError
        For the first mistake in document order; `mistakes` has them all.
    """
    try:
        return model.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        first, *others = lines(error, model=model, where=where, at=at)
        raise (first if not others else _with_count(first, len(others))) from error


def mistakes(
    model: type[BaseModel], value: object, *, where: str, at: str = ""
) -> tuple[InputError, ...]:
    """Return every mistake in `value`; empty when it is valid."""
    try:
        model.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        return lines(error, model=model, where=where, at=at)
    return ()


def lines(
    error: ValidationError, *, model: type[BaseModel], where: str, at: str = ""
) -> tuple[InputError, ...]:
    """Return pydantic's findings on a `model` as lines for its owner, in document order."""
    return tuple(_line(detail, model=model, where=where, at=at) for detail in error.errors())


def _with_count(first: InputError, others: int) -> InputError:
    more = f"{others} more mistake{'s' if others > 1 else ''} here"
    return InputError(
        where=first.where,
        field=first.field,
        problem=first.problem,
        remedy=f"{first.remedy} ({more})",
    )


def _line(detail: ErrorDetails, *, model: type[BaseModel], where: str, at: str) -> InputError:
    context = detail.get("ctx", {})
    location = list(detail["loc"])
    problem, remedy = _sentence(detail, model, context)
    if detail["type"] == "contradiction" and context["field"]:
        location += context["field"].split(".")
    return InputError(where=where, field=_path(at, location), problem=problem, remedy=remedy)


def _sentence(
    detail: ErrorDetails, model: type[BaseModel], context: Mapping[str, Any]
) -> tuple[str, str]:
    """Return the problem and the remedy."""
    kind, value = detail["type"], _quote(detail["input"])
    match kind:
        case "contradiction":
            answer = str(context["problem"]), str(context["remedy"])
        case "missing":
            answer = "is missing", "add it"
        case "extra_forbidden":
            answer = "is not a field here", _instead(model, detail["loc"])
        case "enum" | "literal_error":
            answer = f"{value} is not known", f"use {_one_of(_choices(detail, model))}"
        case _ if kind in NOUNS:
            answer = f"{value} has the wrong type", f"write {NOUNS[kind]}"
        case _ if kind in BOUNDS:
            problem, remedy = BOUNDS[kind]
            answer = f"{value} {problem}", remedy.format(**context)
        case _:
            answer = f"{value} cannot be used", detail["msg"][:1].lower() + detail["msg"][1:]
    return answer


def _quote(value: object) -> str:
    text = repr(value) if not isinstance(value, Mapping | list | tuple) else str(value)
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"


def _path(at: str, location: Sequence[str | int]) -> str:
    path = at
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part != "[key]":
            path += f".{part}" if path else part
    return path


def _one_of(choices: Sequence[str]) -> str:
    *others, last = choices
    return f"{', '.join(others)} or {last}" if others else last


def _instead(model: type[BaseModel], location: Sequence[str | int]) -> str:
    field, parent = str(location[-1]), _model_at(model, location[:-1])
    known = sorted(_fields(parent)) if parent is not None else []
    close = get_close_matches(field, known, n=1)
    if close:
        return f"use {close[0]}, or remove it"
    return f"remove it; the fields here are {_one_of(known)}" if known else "remove it"


def _choices(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, ...]:
    """Return the values that an enumerated field takes."""
    parent = _model_at(model, detail["loc"][:-1])
    name = detail["loc"][-1]
    if parent is not None and name in _fields(parent):
        return tuple(_values(_fields(parent)[str(name)]))
    return (str(detail.get("ctx", {}).get("expected", "")),)


def _values(annotation: object) -> Iterator[str]:
    for each in _alternatives(annotation):
        if isinstance(each, type) and issubclass(each, StrEnum):
            yield from (member.value for member in each)
        else:
            yield from (str(value) for value in get_args(each))


def _fields(model: type[BaseModel]) -> dict[str, object]:
    """Return the annotations by the name that a document uses."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _model_at(model: type[BaseModel], location: Sequence[str | int]) -> type[BaseModel] | None:
    """Return the model that holds the field at `location`; None inside plain mappings."""
    here: object = model
    for part in location:
        if isinstance(part, int):
            here = next((arg for each in _alternatives(here) for arg in get_args(each)), None)
        else:
            holder = _holder(here)
            here = _fields(holder).get(part) if holder is not None else None
    return _holder(here)


def _holder(annotation: object) -> type[BaseModel] | None:
    for each in _alternatives(annotation):
        if isinstance(each, type) and issubclass(each, BaseModel):
            return each
    return None


def _alternatives(annotation: object) -> tuple[object, ...]:
    """Return the members of a union, and a lone annotation as itself."""
    if get_origin(annotation) in {Union, UnionType}:
        return get_args(annotation)
    return (annotation,)
