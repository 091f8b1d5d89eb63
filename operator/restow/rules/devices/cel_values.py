"""Quantities and semantic versions in CEL, and the functions Kubernetes adds for them.

CEL sees either as a map of one entry whose key no attribute can have; equal ones are equal maps.

Source: k8s.io/apiserver v0.37.2, pkg/cel/library/quantity.go and semverlib.go; versions as
github.com/blang/semver v4 reads them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, TypeGuard

from cel_expr_python import cel

from restow.core.quantity import value_nano
from restow.rules.devices.selector_text import UNTOLD

QUANTITY: Final = "@quantity"
VERSION: Final = "@version"

Opaque = Mapping[str, str]
"""A quantity or a version, as CEL holds it."""

Order = tuple[int, int, int, bool, tuple[tuple[int, int, str], ...]]
"""What orders versions: numbers, whether it is a release, prerelease."""

_WRITTEN: Final = 10**14
_NANO: Final = 10**9
_VERSION: Final = re.compile(
    r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)


def quantity(text: str) -> Opaque:
    """Return the quantity that `text` writes.

    Raises
    ------
    ValueError
        When it is none.
    """
    return _quantity(value_nano(text))


def version(text: str) -> Opaque:
    """Return the semantic version that `text` writes; build metadata does not tell it apart.

    Raises
    ------
    ValueError
        When it is none.
    """
    _order(text)
    return {VERSION: text.partition("+")[0]}


def functions() -> list[cel.FunctionDecl]:
    """Return the functions, to be declared in a CEL environment."""
    declared: dict[str, list[cel.Overload]] = {}
    for name, overload in _overloads():
        declared.setdefault(name, []).append(overload)
    return [cel.FunctionDecl(name, overloads) for name, overloads in declared.items()]


def _overloads() -> Iterator[tuple[str, cel.Overload]]:
    dyn, text, flag, number = cel.Type.DYN, cel.Type.STRING, cel.Type.BOOL, cel.Type.INT
    yield _plain("quantity", (text,), dyn, quantity)
    yield _plain("isQuantity", (text,), flag, lambda each: _reads(value_nano, each))
    yield _plain("semver", (text,), dyn, version)
    yield _plain("semver", (text, flag), dyn, lambda each, loose: version(_tidy(each, loose)))
    yield _plain("isSemver", (text,), flag, lambda each: _reads(_order, each))
    yield _plain("isSemver", (text, flag), flag, _is_version)
    yield _method("compareTo", (dyn, dyn), number, _compared)
    yield _method("isGreaterThan", (dyn, dyn), flag, lambda one, two: _compared(one, two) > 0)
    yield _method("isLessThan", (dyn, dyn), flag, lambda one, two: _compared(one, two) < 0)
    yield _method("major", (dyn,), number, lambda each: _order(_text(each))[0])
    yield _method("minor", (dyn,), number, lambda each: _order(_text(each))[1])
    yield _method("patch", (dyn,), number, lambda each: _order(_text(each))[2])
    yield _plain("sign", (dyn,), number, lambda each: (_nano(each) > 0) - (_nano(each) < 0))
    yield _method("isInteger", (dyn,), flag, _is_integer)
    yield _method("asInteger", (dyn,), number, _as_integer)
    yield _method("asApproximateFloat", (dyn,), cel.Type.DOUBLE, lambda each: _nano(each) / _NANO)
    yield _method("add", (dyn, dyn), dyn, lambda one, two: _sum(one, two, 1))
    yield _method("sub", (dyn, dyn), dyn, lambda one, two: _sum(one, two, -1))


def _plain(
    name: str, takes: tuple[cel.Type, ...], gives: cel.Type, impl: Callable[..., Any]
) -> tuple[str, cel.Overload]:
    return name, cel.Overload(f"{name}_{len(takes)}", gives, list(takes), False, impl)  # noqa: FBT003 - its signature


def _method(
    name: str, takes: tuple[cel.Type, ...], gives: cel.Type, impl: Callable[..., Any]
) -> tuple[str, cel.Overload]:
    return name, cel.Overload(f"{name}_{len(takes)}", gives, list(takes), True, impl)  # noqa: FBT003 - its signature


def _quantity(nano: int) -> Opaque:
    return {QUANTITY: str(nano)}


def _nano(found: object) -> int:
    if not _is(found, QUANTITY):
        raise ValueError(NO_OVERLOAD)
    return int(found[QUANTITY])


def _text(found: object) -> str:
    if not _is(found, VERSION):
        raise ValueError(NO_OVERLOAD)
    return str(found[VERSION])


NO_OVERLOAD: Final = "no such overload"


def _is(found: object, key: str) -> TypeGuard[Mapping[str, str]]:
    return isinstance(found, Mapping) and len(found) == 1 and key in found


def _compared(one: object, two: object) -> int:
    if _is(one, QUANTITY):
        mine, other = _nano(one), _nano(two)
        return (mine > other) - (mine < other)
    first, second = _order(_text(one)), _order(_text(two))
    return (first > second) - (first < second)


def _sum(one: object, two: object, sign: int) -> Opaque:
    whole = isinstance(two, int) and not isinstance(two, bool)
    other = int(two) * _NANO if whole and isinstance(two, int) else _nano(two)
    return _quantity(_nano(one) + sign * other)


def _is_integer(found: object) -> bool:
    """Tell whether Go holds the quantity as a whole number of 64 bits (`Quantity.AsInt64`).

    Of large ones that depends on how they are written: `100Ti` it holds as a decimal.
    """
    number, rest = divmod(_nano(found), _NANO)
    if rest:
        return False
    if abs(number) >= _WRITTEN:
        raise ValueError(UNTOLD)
    return True


def _as_integer(found: object) -> int:
    if not _is_integer(found):
        raise ValueError("cannot convert value to integer")
    return _nano(found) // _NANO


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _is_version(text: str, loose: bool) -> bool:  # noqa: FBT001 - called by CEL
    try:
        _order(_tidy(text, loose))
    except ValueError:
        return False
    return True


def _tidy(text: str, loose: bool) -> str:  # noqa: FBT001 - called by CEL
    """Return a version with missing parts filled up and leading zeros cut off, when `loose`."""
    if not loose:
        return text
    parts = text.removeprefix("v").split(".", 2)
    parts = [_without_zeros(each) if each else each for each in parts]
    if len(parts) < 3 and set(parts[-1]) & {"+", "-"}:
        raise ValueError("short version cannot contain PreRelease/Build meta data")
    return ".".join([*parts, "0", "0"][:3])


def _without_zeros(part: str) -> str:
    rest = part.lstrip("0")
    return rest if rest and rest[0] in "0123456789" else f"0{rest}"


@lru_cache(maxsize=4096)
def _order(text: str) -> Order:
    match = _VERSION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a semantic version")
    pieces = match[4].split(".") if match[4] else []
    if any(each.isdigit() and len(each) > 1 and each[0] == "0" for each in pieces):
        raise ValueError(f"{text!r} is not a semantic version")
    ordered = tuple((0, int(each), "") if each.isdigit() else (1, 0, each) for each in pieces)
    return int(match[1]), int(match[2]), int(match[3]), not pieces, ordered
