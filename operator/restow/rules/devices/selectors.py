"""CEL selectors of DeviceClasses and requests: does a device match.

The language is read by Google's own implementation (`cel-expr-python`), loaded when the first
selector is asked. All values are dynamic: the API server has checked the types. What this CEL
cannot read, the API server may have taken all the same, so that is told apart from a no.

Source: k8s.io/dynamic-resource-allocation v0.37.2, cel/compile.go and cel/errors.go.
"""

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from restow.cluster.devices import Attribute, Capacity, Version
from restow.rules.devices import selector_text
from restow.rules.devices.selector_text import SelectorText

if TYPE_CHECKING:
    from cel_expr_python import cel

_ABSENT: Final = re.compile(r'NOT_FOUND: Key not found in map : "?(.*?)"?')
KEPT: Final = 65_536
"""Answers kept per selector."""

_ADVICE: Final = (
    "consider using CEL optional chaining (.? followed by orValue()) or guarding the check with "
    "has() for optional fields"
)


class SelectorError(Exception):
    """Upstream fails on this selector; the message is its own."""


class UnreadableError(Exception):
    """restow cannot tell what the selector says."""


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What a selector sees of a device."""

    driver: str
    attributes: tuple[Attribute, ...] = ()
    capacity: tuple[Capacity, ...] = ()
    shared: bool = False


def matches(expression: str, device: Facts) -> bool:
    """Return whether the device matches.

    Raises
    ------
    SelectorError
        When upstream gives up on the pod for it.
    UnreadableError
        When restow cannot tell.
    """
    for each in device.attributes:
        if each.value is None:
            raise SelectorError(f"attribute {each.name}: unsupported attribute value")
    program = _program(expression)
    answer = program if isinstance(program, UnreadableError) else program.answer(device)
    if isinstance(answer, Exception):
        raise answer
    return answer


_Answer = bool | SelectorError | UnreadableError


class _Program:
    """A selector that CEL has read, and its answers.

    They are kept by what the selector can see of a device: most attributes, such as serial numbers,
    it never names.
    """

    def __init__(self, text: SelectorText, expression: "cel.Expression") -> None:
        self._text = text
        self._expression = expression
        self._answers: dict[Hashable, _Answer] = {}

    def answer(self, device: Facts) -> _Answer:
        """Return what the selector says of the device, from memory if it can."""
        key = (
            device.driver,
            device.shared,
            # True equals 1, but not for CEL
            *((e.name, type(e.value), e.value) for e in device.attributes if self._sees(e.name)),
            *((each.name, each.value) for each in device.capacity if self._sees(each.name)),
        )
        if key not in self._answers:
            if len(self._answers) >= KEPT:
                self._answers.clear()
            self._answers[key] = self._ask(device)
        return self._answers[key]

    def _sees(self, name: str) -> bool:
        words = self._text.words
        return words is None or name.rpartition("/")[2] in words

    def _ask(self, device: Facts) -> _Answer:
        if any(
            isinstance(each.value, Version) and each.name.rpartition("/")[2] in self._text.compared
            for each in device.attributes
        ):
            return UnreadableError("it compares a version with something else")
        found = self._expression.eval(data={"device": _seen(device, self._text.domains)})
        value = found.value()
        if isinstance(value, bool):
            return value
        if found.type().name() != "ERROR":
            kind = found.type().name().lower()
            return SelectorError(f"CEL result of type {kind} could not be converted to bool")
        return self._failure(str(value))

    def _failure(self, message: str) -> SelectorError | UnreadableError:
        absent = _ABSENT.fullmatch(message)
        if selector_text.UNTOLD in message:
            return UnreadableError(selector_text.UNTOLD)
        if absent is None:
            return SelectorError(_translated(message))
        if self._text.computed:
            return UnreadableError("it computes the name of a domain")
        return SelectorError(f"no such key: {absent[1]}. {_ADVICE}")


def _translated(message: str) -> str:
    """Return the error in cel-go's words, where they are known."""
    if "No matching overloads" in message:
        return "no such overload"
    return "division by zero" if message.endswith("divide by zero") else message


@lru_cache(maxsize=4096)
def _program(expression: str) -> _Program | UnreadableError:
    text = selector_text.read(expression)
    if not text.understood:
        return UnreadableError("it hands the map of domains around")
    try:
        return _Program(text, _environment().compile(text.text))
    except RuntimeError as error:
        return UnreadableError(" ".join(str(error).split()))


@lru_cache(maxsize=1)
def _environment() -> "cel.Env":
    """Return the environment of selectors: strings, optional values, `cel.bind`, quantities."""
    # loaded here: a cluster without selectors never pays for it
    from cel_expr_python import cel  # noqa: PLC0415
    from cel_expr_python.ext import ext_bindings, ext_optional, ext_strings  # noqa: PLC0415

    from restow.rules.devices import cel_values  # noqa: PLC0415

    return cel.NewEnv(
        variables={"device": cel.Type.DYN},
        extensions=[
            cel.CelExtension("kubernetes", cel_values.functions()),
            ext_bindings.ExtBindings(),
            ext_optional.ExtOptional(),
            ext_strings.ExtStrings(),
        ],
    )


def _seen(device: Facts, named: frozenset[str]) -> Mapping[str, Any]:
    from restow.rules.devices import cel_values  # noqa: PLC0415 - it loads CEL

    attributes: dict[str, dict[str, Any]] = {}
    for each in device.attributes:
        domain, name = _split(each.name, device.driver)
        value = each.value
        attributes.setdefault(domain, {})[name] = (
            cel_values.version(value.text) if isinstance(value, Version) else value
        )
    capacity: dict[str, dict[str, Any]] = {}
    for one in device.capacity:
        domain, name = _split(one.name, device.driver)
        capacity.setdefault(domain, {})[name] = {cel_values.QUANTITY: str(one.value)}
    empty: dict[str, dict[str, Any]] = {each: {} for each in (*named, device.driver)}
    return {
        "driver": device.driver,
        "allowMultipleAllocations": device.shared,
        "attributes": empty | attributes,
        "capacity": empty | capacity,
        "attributes_": attributes,
        "capacity_": capacity,
    }


def _split(name: str, driver: str) -> tuple[str, str]:
    domain, slash, rest = name.partition("/")
    return (domain, rest) if slash else (driver, name)
