"""All rules between pods of one decision."""

from collections.abc import Callable
from typing import Final

from restow.planning.relating import affinity, anti_affinity, groups, spread, volumes
from restow.planning.relating.cast import Cast
from restow.planning.relating.sketch import Relating

KINDS: Final[tuple[Callable[[Cast, Relating], None], ...]] = (
    anti_affinity.relate,
    affinity.relate,
    spread.relate,
    volumes.relate,
    groups.relate,
)


def related(cast: Cast) -> Relating:
    """Return what the pods ask of where others are; empty, and cheap, if none asks."""
    found = Relating()
    for relate in KINDS:
        relate(cast, found)
    return found
