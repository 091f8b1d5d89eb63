"""Python's garbage collector, kept from going through a whole cluster while somebody waits."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Have no garbage collection meanwhile.

    A snapshot of 5,000 nodes is about a million objects, and a collection that goes through them
    takes 0.3 s; a decision makes so many new ones that there would be one or two. Whatever is not
    part of a cycle is freed as ever; cycles wait until the plan is made.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
