"""kube-scheduler's configuration, which no API tells: a file of its own."""

import sys
from collections.abc import Mapping
from pathlib import Path

from restow.cluster.objects import NodeSelectorTerm
from restow.cluster.parse import profiles
from restow.cluster.parse.problems import FieldError
from restow.core.errors import InputError
from restow.sources.documents import documents


def added_affinity(path: Path | None) -> Mapping[str, tuple[NodeSelectorTerm, ...]]:
    """Return the node affinity that the profiles of the file add; none without a file.

    Raises
    ------
    InputError
        When the file cannot be read, holds something else, or a field that cannot be used.
    """
    if path is None:
        return {}
    found = list(documents(path, sys.stdin.buffer))
    if len(found) != 1 or _title(found[0].kind, found[0].api_version) != _title(
        profiles.KIND, f"{profiles.GROUP}/v1"
    ):
        raise InputError(
            where=str(path),
            field="",
            problem=f"holds no {profiles.KIND}, or something besides",
            remedy="give the file that kube-scheduler reads with --config",
        )
    try:
        return profiles.added_affinity(found[0].document())
    except FieldError as error:
        raise error.on(f"{path}: {profiles.KIND}") from None


def _title(kind: str, api_version: str) -> tuple[str, str]:
    return kind, api_version.partition("/")[0]
