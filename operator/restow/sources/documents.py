"""Kubernetes objects in a file, one after another, whatever it is written in.

A file that is something else is refused after its first 64 KiB, not after all of it: the form is
told by the first character, and JSON is never built in memory beyond the objects restow reads.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import yaml

from restow.cluster.parse import Kind
from restow.cluster.parts import Object
from restow.core.errors import InputError

_GZIP: Final = b"\x1f\x8b"
_MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark that some editors put in front of UTF-8."""
_HEAD: Final = 64 * 1024
_LONG: Final = 2 * 1024 * 1024
"""No single object is longer: the API server takes 3 MiB of JSON at most, etcd 1.5 MiB."""
_MOST_ALIASED: Final = 100_000
"""Nodes that YAML aliases may add to a document: a few levels of them can mean millions."""
_TYPED: Final = re.compile(rb"^(?:apiVersion|kind|items)[ \t]*:", re.MULTILINE)
_BREAK: Final = re.compile(rb"^---(?:[ \t].*)?$", re.MULTILINE)
_DUMP: Final = "take the dump again, with `kubectl get … -o json`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One object of a file: `body` is JSON not decoded yet, or a decoded YAML document."""

    where: str
    kind: str
    api_version: str
    body: msgspec.Raw | Mapping[str, object]

    def parse(self, kind: Kind) -> Object | None:
        """Return the object, None when it does not count.

        Raises
        ------
        InputError
            When the object cannot be used.
        """
        if isinstance(self.body, msgspec.Raw):
            return kind.from_bytes(self.body)
        return kind.from_document(self.body)

    def document(self) -> Mapping[str, object]:
        """Return the whole object, decoded."""
        if isinstance(self.body, msgspec.Raw):
            return msgspec.json.decode(self.body, type=dict[str, object])
        return self.body


class _Envelope(msgspec.Struct, rename="camel", frozen=True):
    api_version: str | None = None
    kind: str | None = None
    items: msgspec.Raw = msgspec.Raw(b"")  # msgspec takes no union with Raw; empty is absent


class _Loader(yaml.CSafeLoader):
    """Leaves times as text, as the API does."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def documents(path: str | Path, stdin: BinaryIO) -> Iterator[Found]:
    """Yield the objects of a file, those of Lists one by one; `-` is `stdin`.

    Raises
    ------
    InputError
        When the file cannot be read or is something else.
    """
    where = "standard input" if str(path) == "-" else str(path)
    body = _content(path, stdin, where)
    text = body.lstrip()
    if text.startswith((b"{", b"[")):
        yield from _json(text, where)
    elif text:
        yield from _yaml(body, where)


def _content(path: str | Path, stdin: BinaryIO, where: str) -> bytes:
    """Return the file's content, decompressed; only its head when that says it is something else.

    Raises
    ------
    InputError
        When it cannot be read in full.
    """
    try:
        body = stdin.read() if str(path) == "-" else Path(path).read_bytes()
        if body.startswith(_GZIP):
            with gzip.open(BytesIO(body)) as packed:
                head = packed.read(_HEAD)
                _glance(head, where, is_long=len(head) == _HEAD)
                body = head + packed.read()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _refused(where, f"the gzip stream is broken: {error}", _DUMP) from None
    except OSError as error:
        raise _refused(
            where, f"cannot be read: {error.strerror or error}", "name a readable file"
        ) from None
    _glance(body, where, is_long=len(body) > _LONG)
    return body.removeprefix(_MARK)


def _glance(body: bytes, where: str, *, is_long: bool) -> None:
    """Refuse what is too long for a single object and does not begin like objects.

    Raises
    ------
    InputError
        When it is neither JSON nor names a kind in its head.
    """
    head = body[:_HEAD].removeprefix(_MARK).lstrip()
    if is_long and not head.startswith(b"{") and not _TYPED.search(head):
        raise _no_object(where, f"neither `kind` nor `apiVersion` in the first {_HEAD} bytes")


def _refused(where: str, problem: str, remedy: str) -> InputError:
    return InputError(where=where, field="", problem=problem, remedy=remedy)


# JSON


def _json(text: bytes, where: str) -> Iterator[Found]:
    try:
        yield from _split(msgspec.Raw(text), where)
    except msgspec.DecodeError as error:
        if "trailing characters" in str(error):  # said of the whole text, before the first object
            yield from _json_stream(text, where)
            return
        raise _not_json(error, where) from None
    except RecursionError:
        raise _refused(where, "the JSON is nested too deeply", _DUMP) from None


def _not_json(error: Exception, where: str) -> InputError:
    if "truncated" in str(error):
        return _refused(where, "the JSON is cut off", _DUMP)
    return _refused(where, f"this is no JSON: {error}", _DUMP)


def _json_stream(text: bytes, where: str) -> Iterator[Found]:
    """Yield the objects of several JSON texts in a row."""
    scan = json.JSONDecoder().raw_decode
    rest, at, number = text.decode("utf-8", "replace"), 0, 0
    while at < len(rest):
        number += 1
        place = f"{where}, document {number}"
        try:
            document, end = scan(rest, at)
        except (json.JSONDecodeError, RecursionError) as error:
            raise _refused(place, f"this is no JSON: {error}", _DUMP) from None
        yield from _flatten(document, place)
        gap = re.compile(r"\s*").match(rest, end)
        at = gap.end() if gap else end


def _split(raw: msgspec.Raw, where: str, default: _Envelope | None = None) -> Iterator[Found]:
    """Yield the object, or the objects of the List, without decoding them."""
    try:
        head = msgspec.json.decode(raw, type=_Envelope)
    except msgspec.ValidationError as error:
        raise _no_object(where, str(error)) from None
    kind = head.kind or (default.kind if default else None)
    api_version = head.api_version or (default.api_version if default else None)
    if not kind or not api_version:
        raise _no_object(where, "`kind` or `apiVersion` is missing")
    if not bytes(head.items) or not kind.endswith("List"):
        if memoryview(raw).nbytes > 4 * _LONG:  # indentation takes its share
            raise _no_object(where, f"no {kind} has {memoryview(raw).nbytes >> 20} MiB")
        yield Found(where=where, kind=kind, api_version=api_version, body=raw)
        return
    element = _Envelope(api_version=api_version, kind=kind.removesuffix("List") or None)
    for index, item in enumerate(_items(head.items, where)):
        yield from _split(item, f"{where}, item {index}", element)


def _items(raw: msgspec.Raw, where: str) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(raw, type=list[msgspec.Raw] | None) or []
    except msgspec.ValidationError:
        raise InputError(
            where=where, field="items", problem="this is no list", remedy=_DUMP
        ) from None


def _no_object(where: str, why: str) -> InputError:
    return _refused(where, f"this is no Kubernetes object: {why}", _DUMP)


# YAML


def _yaml(body: bytes, where: str) -> Iterator[Found]:
    for part in _BREAK.split(body):
        _glance(part, where, is_long=len(part) > _LONG)
    number = 0
    loader = _Loader(body)
    while True:
        place = f"{where}, document {number + 1}"
        try:
            root = loader.get_node() if loader.check_node() else None
            if root is None:
                return
            _refuse_aliases_of_aliases(root, place)
            document = loader.construct_document(root)
        except yaml.YAMLError as error:
            raise _refused(place, _what_yaml_says(error), "correct or complete the YAML") from None
        except RecursionError:
            raise _refused(place, "the YAML is nested too deeply", _DUMP) from None
        number += 1
        if document is not None:
            yield from _flatten(document, place)


def _refuse_aliases_of_aliases(root: yaml.Node, where: str) -> None:
    """Refuse a document that is small as written and huge once its aliases are followed.

    Raises
    ------
    InputError
        When aliases add more than `_MOST_ALIASED` nodes, or lead back to where they stand.
    """
    sizes: dict[int, int] = {}
    _size(root, sizes, where)
    if sizes[id(root)] - len(sizes) > _MOST_ALIASED:
        raise _refused(
            where,
            f"its aliases stand for more than {_MOST_ALIASED} values",
            "write the values out instead of *names",
        )


def _size(node: yaml.Node, sizes: dict[int, int], where: str) -> int:
    """Return how many nodes the node is with all aliases followed; `sizes` has those seen."""
    known = sizes.get(id(node))
    if known == _OPEN:
        raise _refused(where, "an alias stands inside what it means", "remove the alias")
    if known is not None:
        return known
    sizes[id(node)] = _OPEN
    size = 1
    if isinstance(node, yaml.MappingNode):
        size += sum(_size(each, sizes, where) for pair in node.value for each in pair)
    elif isinstance(node, yaml.SequenceNode):
        size += sum(_size(each, sizes, where) for each in node.value)
    sizes[id(node)] = size
    return size


_OPEN: Final = -1
"""In place of the size of a node that is being measured."""


def _what_yaml_says(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return f"this is no YAML{place}: {problem}"


def _flatten(document: Any, where: str, default: _Envelope | None = None) -> Iterator[Found]:
    """Yield the decoded object, or the objects of the decoded List."""
    if not isinstance(document, Mapping):
        raise _no_object(where, "it is no mapping")
    kind = document.get("kind") or (default.kind if default else None)
    api_version = document.get("apiVersion") or (default.api_version if default else None)
    if not isinstance(kind, str) or not isinstance(api_version, str):
        raise _no_object(where, "`kind` or `apiVersion` is missing")
    if "items" not in document or not kind.endswith("List"):
        yield Found(where=where, kind=kind, api_version=api_version, body=document)
        return
    items = document["items"] or []
    if not isinstance(items, list):
        raise InputError(where=where, field="items", problem="this is no list", remedy=_DUMP)
    element = _Envelope(api_version=api_version, kind=kind.removesuffix("List") or None)
    for index, item in enumerate(items):
        yield from _flatten(item, f"{where}, item {index}", element)
