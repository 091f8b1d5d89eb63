"""How one kind is read: from a JSON object's bytes, from a document, from its slim form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from restow.cluster.parse import wire as wires
from restow.cluster.parse.problems import FieldError, from_msgspec
from restow.cluster.parts import Object
from restow.core.ids import ObjectKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind that restow reads.

    Parameters
    ----------
    name, api_version, plural
        As in the API: `Pod`, `v1`, `pods`.
    wire
        Its slim form, a msgspec Struct.
    convert
        From the slim form to restow's object, None when the object does not count any more.
    namespaced
        Whether objects live in namespaces.
    optional
        Whether a cluster may do without it, by a feature that is off or a version that is older:
        it is then said in `Snapshot.absent`, and the rules that need it stand aside.
    custom
        Whether it comes with a CRD of others, which may fail by itself, by a missing right or a
        conversion webhook: it is then said in `Snapshot.unknown`, and the rules that need it
        refuse. A built-in kind fails only where nothing can be read.
    """

    name: str
    api_version: str
    plural: str
    wire: type[wires.Wire]
    convert: Callable[[Any], Object | None]
    namespaced: bool = True
    optional: bool = False
    custom: bool = False

    @property
    def path(self) -> str:
        """Path of the collection over all namespaces."""
        root = "apis" if "/" in self.api_version else "api"
        return f"/{root}/{self.api_version}/{self.plural}"

    def from_bytes(self, body: bytes | msgspec.Raw) -> Object | None:
        """Return the object, None when it does not count.

        Raises
        ------
        InputError
            When the object cannot be used; it names object and field.
        """
        try:
            wire = msgspec.json.decode(body, type=self.wire)
        except msgspec.ValidationError:
            return self.from_document(msgspec.json.decode(body))
        return self.from_wire(wire)

    def from_document(self, document: object) -> Object | None:
        """Return the object of a decoded JSON or YAML document, None when it does not count.

        Raises
        ------
        InputError
            When the object cannot be used; it names object and field.
        """
        try:
            wire = msgspec.convert(document, self.wire)
        except msgspec.ValidationError as error:
            raise from_msgspec(str(error), document).on(self.called(document)) from None
        return self.from_wire(wire)

    def from_wire(self, wire: wires.Wire) -> Object | None:
        """Return the object of its slim form, None when it does not count.

        Raises
        ------
        InputError
            When the object cannot be used; it names object and field.
        """
        try:
            return self.convert(wire)
        except FieldError as error:
            meta: wires.Meta = wire.metadata  # type: ignore[attr-defined]  # every kind has it
            raise error.on(self._title(meta.namespace, meta.name)) from None

    def called(self, document: object) -> str:
        """Return what a person would call the object, as far as it says."""
        meta = document.get("metadata") if isinstance(document, Mapping) else None
        if not isinstance(meta, Mapping):
            return self.name
        return self._title(meta.get("namespace"), meta.get("name"))

    def key(self, wire: wires.Wire) -> ObjectKey:
        """Return the key of a slim form, whether it counts or not."""
        meta: wires.Meta = wire.metadata  # type: ignore[attr-defined]  # every kind has it
        return ObjectKey((meta.namespace or "default") if self.namespaced else "", meta.name)

    def _title(self, namespace: object, name: object) -> str:
        if not isinstance(name, str) or not name:
            return f"{self.name} without a name"
        return (
            f"{self.name} {namespace or 'default'}/{name}"
            if self.namespaced
            else (f"{self.name} {name}")
        )
