"""List pages and watch events, straight from the bytes of the API server."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from restow.cluster.parse.kind import Kind
from restow.cluster.parse.wire import Wire
from restow.cluster.parts import Object
from restow.core.errors import InputError
from restow.core.ids import ObjectKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list; `items` by key, without those that do not count any more.

    `next` is the token of the following page, empty on the last one.
    """

    items: dict[ObjectKey, Object]
    resource_version: str
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsert:
    """An object is there, as it now is."""

    key: ObjectKey
    value: Object
    resource_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """An object is gone, or does not count any more."""

    key: ObjectKey
    resource_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """Nothing happened up to this resource version."""

    resource_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The server ends the watch; `code` 410 means that the list must be read anew."""

    code: int
    message: str


Event = Upsert | Removed | Bookmark | Failure


class _ListMeta(Wire, frozen=True):
    resource_version: str = ""
    next: str | None = msgspec.field(name="continue", default=None)


class _Raw(Wire, frozen=True):
    type: str
    object: msgspec.Raw


class _Marked(Wire, frozen=True):
    metadata: _ListMeta


class _Status(Wire, frozen=True):
    code: int = 0
    message: str = ""


@cache
def _decoder(kind: type[Wire]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


@cache
def _page_decoder(kind: type[Wire]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(
        msgspec.defstruct("List", [("metadata", _ListMeta), ("items", list[kind])])  # type: ignore[valid-type]  # made at run time
    )


def page(kind: Kind, body: bytes) -> Page:
    """Return one page of a list.

    Raises
    ------
    InputError
        When the body is no list of the kind, or an object in it cannot be used.
    """
    try:
        found = _page_decoder(kind.wire).decode(body)
    except msgspec.DecodeError as error:
        raise _unreadable(f"list of {kind.plural}", error) from None
    items: dict[ObjectKey, Object] = {}
    for wire in found.items:
        parsed = kind.from_wire(wire)
        if parsed is not None:
            items[kind.key(wire)] = parsed
    return Page(
        items=items,
        resource_version=found.metadata.resource_version,
        next=found.metadata.next or "",
    )


def _unreadable(where: str, error: msgspec.DecodeError) -> InputError:
    return InputError(
        where=where,
        field="",
        problem=f"the API server's answer cannot be read: {error}",
        remedy="look for a proxy in between that changes answers",
    )


def event(kind: Kind, line: bytes) -> Event:
    """Return one event of a watch.

    Raises
    ------
    InputError
        When the line is no event, or its object cannot be used.
    """
    try:
        raw = _decoder(_Raw).decode(line)
        match raw.type:
            case "BOOKMARK":
                meta = _decoder(_Marked).decode(raw.object).metadata
                return Bookmark(resource_version=meta.resource_version)
            case "ERROR":
                status = _decoder(_Status).decode(raw.object)
                return Failure(code=status.code, message=status.message)
            case _:
                wire = _decoder(kind.wire).decode(raw.object)
    except msgspec.DecodeError as error:
        raise _unreadable(f"watch of {kind.plural}", error) from None
    key, version = kind.key(wire), wire.metadata.resource_version or ""
    parsed = None if raw.type == "DELETED" else kind.from_wire(wire)
    if parsed is None:
        return Removed(key=key, resource_version=version)
    return Upsert(key=key, value=parsed, resource_version=version)
