"""What is wrong with an object, said in one line."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from restow.core.errors import InputError

_AT: Final = re.compile(r"(?P<what>.*?)(?: - at `(?P<path>.*)`)?", re.DOTALL)
_PART: Final = re.compile(r"\.?([^.\[\]]+)|\[([0-9]+)\]|\[\.\.\.\]")
_MISSING: Final = re.compile(r"Object missing required field `(.*)`")


class FieldError(ValueError):
    """A field that cannot be used, before it is known which object it belongs to."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        self.field, self.problem, self.remedy = field, problem, remedy
        super().__init__(problem)

    def on(self, where: str) -> InputError:
        """Return the error for a person, naming the object."""
        return InputError(where=where, field=self.field, problem=self.problem, remedy=self.remedy)


def required(value: str | None, field: str) -> str:
    """Return `value`.

    Raises
    ------
    FieldError
        When it is missing or empty.
    """
    if not value:
        raise missing(field)
    return value


def missing(field: str) -> FieldError:
    """Return the error for a field that must be there."""
    return FieldError(
        field, "the field is missing", "take the object as `kubectl get -o json` prints it"
    )


def from_msgspec(message: str, document: object) -> FieldError:
    """Return what msgspec says in restow's words, quoting the value found in `document`."""
    match = _AT.fullmatch(message)
    what, path = (match["what"], match["path"] or "") if match else (message, "")
    field = path.removeprefix("$").removeprefix(".")
    gap = _MISSING.fullmatch(what)
    if gap:
        return missing(f"{field}.{gap[1]}" if field else gap[1])
    if "RFC3339" in what:
        what = "Expected `time`, got `str`"
    expected = what.replace("`", "").removeprefix("Expected ").split(", got ")[0]
    found = _at(document, field)
    problem = f"{_short(found)} is not {_article(expected)}" if found is not None else what
    return FieldError(field, problem, f"write {_article(expected)}")


def _article(expected: str) -> str:
    words = {"str": "a string", "int": "an integer", "bool": "true or false", "array": "a list"}
    words["time"] = "a time such as 2026-01-31T12:00:00Z"
    first = expected.split(" | ", maxsplit=1)[0]
    return words.get(first, "a mapping" if first == "object" else f"a {first}")


def _at(document: object, field: str) -> object | None:
    """Return the value at `field`, or None when the path does not name a single one."""
    for part in _PART.finditer(field):
        name, index = part[1], part[2]
        if name is not None and isinstance(document, Mapping):
            document = document.get(name)
        elif index is not None and isinstance(document, Sequence):
            document = document[int(index)]
        else:
            return None
    return document


def _short(found: object) -> str:
    text = repr(found)
    return text if len(text) <= 60 else text[:57] + "..."
