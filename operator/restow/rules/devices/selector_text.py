"""What has to be known of a selector's text before CEL reads it.

`device.attributes` and `device.capacity` upstream answer with an empty map for a domain that the
device does not have, which a map of CEL cannot do. So the domains that the text names are put into
the map, and where the text asks which domains there are, it is led to the map without them.

Source: k8s.io/dynamic-resource-allocation v0.37.2, cel/compile.go:
`newStringInterfaceMapWithDefault`.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

MAPS: Final = frozenset({"attributes", "capacity"})
"""The maps by domain. With a `_` behind the name they have only the domains of the device."""

UNTOLD: Final = "it asks whether a large quantity is an integer"
"""Why restow cannot tell what a selector says; a function of CEL fails with it."""

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<text>[bBrR]{0,2}(?:'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"
        |'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>[0-9][0-9A-Za-z_.]*)
    |(?P<sign>==|!=|<=|>=|&&|\|\||.)""",
    re.VERBOSE | re.DOTALL,
)
_COMPARED: Final = frozenset({"==", "!="})
_COUNTED: Final = frozenset(
    {"all", "exists", "exists_one", "existsOne", "map", "filter", "size", "format", "join"}
)


class _Token(NamedTuple):
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectorText:
    """A selector, read.

    Parameters
    ----------
    text
        As CEL is to read it.
    domains
        Every word of it that may name a domain.
    words
        Every word of it that may name an attribute or a capacity; None when it may look at others
        as well.
    computed
        Whether it computes the name of a domain: one that is missing then is no fact.
    compared
        Attributes that it compares with `==` or `!=`. Upstream a version there is an error unless
        the other side is a version, too.
    understood
        False when it hands the map of domains around, so that none of this can be told.
    """

    text: str
    domains: frozenset[str]
    words: frozenset[str] | None
    computed: bool
    compared: frozenset[str]
    understood: bool


def read(text: str) -> SelectorText:
    """Return what the text says of domains."""
    found = [each for each in _TOKEN.finditer(text) if each.lastgroup != "space"]
    tokens = [_Token(str(each.lastgroup), each.group()) for each in found]
    places = [place for place, each in enumerate(tokens) if _is_map(tokens, place)]
    uses = {place: _use(tokens, place) for place in places}
    led = text
    for place in reversed(places):
        if uses[place] == "asked":
            led = led[: found[place].end()] + "_" + led[found[place].end() :]
    return SelectorText(
        text=led,
        domains=frozenset(_words(tokens, places)),
        words=_seen(tokens) if "asked" not in uses.values() else None,
        computed="computed" in uses.values(),
        compared=frozenset(_compared(tokens)),
        understood="unknown" not in uses.values(),
    )


def _seen(tokens: Sequence[_Token]) -> frozenset[str] | None:
    """Return all names and texts, None where a map of attributes is counted, compared or added."""
    texts = {each.text for each in tokens}
    if texts & _COUNTED or texts & {"+", "{"}:
        return None
    return frozenset(
        each.text if each.kind == "name" else _unquoted(each.text)
        for each in tokens
        if each.kind in ("name", "text")
    )


def _is_map(tokens: Sequence[_Token], place: int) -> bool:
    before = [each.text for each in tokens[max(0, place - 2) : place]]
    return tokens[place].text in MAPS and before == ["device", "."]


def _use(tokens: Sequence[_Token], place: int) -> str:
    """Return what the text does with the map: `named`, `computed`, `asked` or `unknown`."""
    after = [each.text for each in tokens[place + 1 : place + 5]] + [""] * 4
    before = tokens[place - 3].text if place > 2 else ""
    if after[0] == ".":
        if after[1] in _COUNTED and after[2] == "(":
            return "asked"
        return "named"
    if after[0] == "[":
        inner = tokens[place + 2 + (after[1] == "?") : place + 6]
        return "named" if _is_plain(inner) else "computed"
    before_that = tokens[place - 4].text if place > 3 else ""
    asked = before == "in" or (before == "(" and before_that == "size" and after[0] == ")")
    return "asked" if asked else "unknown"


def _is_plain(index: Sequence[_Token]) -> bool:
    """Tell whether the index is a text, or the device's driver."""
    texts = [each.text for each in index]
    if index and index[0].kind == "text":
        return texts[1:2] == ["]"]
    return texts[:4] == ["device", ".", "driver", "]"]


def _words(tokens: Sequence[_Token], places: Sequence[int]) -> Iterator[str]:
    for each in tokens:
        if each.kind == "text":
            yield _unquoted(each.text)
    for place in places:
        follow = [each for each in tokens[place + 1 : place + 4] if each.text not in (".", "?")]
        if follow and follow[0].kind == "name":
            yield follow[0].text


def _unquoted(text: str) -> str:
    """Return what a literal of CEL says; its escapes are Python's, as far as names have any."""
    try:
        return str(ast.literal_eval(text))
    except (ValueError, SyntaxError):
        return text


def _compared(tokens: Sequence[_Token]) -> Iterator[str]:
    for place, each in enumerate(tokens[:-1]):
        if each.text not in _COMPARED or tokens[place + 1].text == "semver":
            continue
        last = tokens[place - 1] if tokens[place - 1].text != "]" else tokens[place - 2]
        if last.kind == "name":
            yield last.text
        elif last.kind == "text":
            yield _unquoted(last.text)
