"""What pods asked for lately, kept in the status of the policy that wants it learned."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from restow.cluster.objects import Pod
from restow.core.errors import InputError
from restow.fragmentation.learning import Seen, learned
from restow.fragmentation.shapes import shape_of
from restow.policies.packing_policy import SeenShape
from restow.policies.rescheduling import Rescheduling


def learn(
    known: Iterable[SeenShape], asked: Rescheduling, pods: Iterable[Pod], now: datetime
) -> tuple[Seen, ...]:
    """Return what was seen of late with the pods that there are now; nothing if none is wanted."""
    if asked.learn_shapes_days is None:
        return ()
    horizon = timedelta(days=asked.learn_shapes_days)
    before = (seen for each in known if (seen := _read(each)) is not None)
    return learned(before, (pod.requests for pod in pods), now, horizon)


def written(seen: Iterable[Seen]) -> tuple[SeenShape, ...]:
    """Return what was seen as a status has it."""
    return tuple(SeenShape(shape=each.shape.name, pods=each.pods, last=each.last) for each in seen)


def _read(seen: SeenShape) -> Seen | None:
    """Return what a status says; None where a stranger wrote it."""
    try:
        shape = shape_of(seen.shape, where="status", field="seenShapes")
    except InputError:
        return None
    return Seen(shape=shape, pods=seen.pods, last=seen.last)
