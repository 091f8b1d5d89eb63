"""Compilation of hot loops by numba, where it is installed and can keep what it compiled."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])

OPTIONS = {"error_model": "numpy", "_nrt": False}
"""No check of divisors and no reference counts: the loops divide by positive numbers only, and
allocate nothing. Without them they compile in a third of the time."""


def _numba() -> Callable[..., Any] | None:
    """Return numba's `njit`; None where there is no numba, or where it has no room for its cache.

    Compiling takes 15 s or so: nothing to do once more in each process. For any processor, so that
    an image can bring what was compiled elsewhere, and plans are bit-equal wherever they are made.
    """
    try:
        from numba import config, njit  # noqa: PLC0415 - optional

        settings = {
            "CPU_NAME": "generic",
            "CPU_FEATURES": "",
            "CACHE_LOCATOR_CLASSES": "restow.packing.patterns.keeping.BesideSource",
        }
        vars(config).update(settings)
        njit(cache=True)(_numba)
    except (ImportError, OSError, RuntimeError):
        return None
    return cast("Callable[..., Any]", njit)


_NJIT = _numba()

COMPILES = _NJIT is not None
"""Whether hot loops are compiled; interpreted they are a hundred times slower."""


def compiled(function: Function) -> Function:
    """Return `function`, compiled on its first call and kept in numba's cache on disk."""
    if _NJIT is None:
        return function
    return cast("Function", _NJIT(cache=True, nogil=True, **OPTIONS)(function))


def inlined(function: Function) -> Function:
    """Return `function`, compiled as a part of each compiled function that calls it.

    A call costs a microsecond where arrays are passed in tuples: each is handed over word by word.
    """
    if _NJIT is None:
        return function
    return cast("Function", _NJIT(inline="always", **OPTIONS)(function))
