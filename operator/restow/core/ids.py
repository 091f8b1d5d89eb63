"""Identifiers; made in one place so that a key can never be spelled two ways."""

from dataclasses import dataclass
from typing import NewType, Self

NodeName = NewType("NodeName", str)
Uid = NewType("Uid", str)


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """Namespace and name of an object; `namespace` is empty for cluster-scoped kinds."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @classmethod
    def of(cls, text: str) -> Self:
        """Read `namespace/name` or a bare `name`; the inverse of `str`."""
        namespace, _, name = text.rpartition("/")
        return cls(namespace, name)


@dataclass(frozen=True, slots=True, order=True)
class PodRef:
    """One incarnation of a pod: a replacement of the same name has another `uid`."""

    key: ObjectKey
    uid: Uid

    def __str__(self) -> str:
        return str(self.key)
