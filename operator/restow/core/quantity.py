"""Kubernetes quantities, exactly: `500m`, `1.5Gi`, `2e3` to integers, rounded up as upstream.

Source: k8s.io/apimachinery v0.37.2, pkg/api/resource/quantity.go. Never a float.
"""

import re
from functools import lru_cache
from typing import Final

LARGEST: Final = 2**63 - 1
"""No quantity is larger in magnitude; larger ones are capped, as upstream."""

_FORM: Final = re.compile(
    r"([+-]?)([0-9]*)(?:\.([0-9]*))?(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]+)?"
)
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_LONGEST: Final = 64  # digits; longer numbers are no amounts of anything, only work for us
_WIDEST: Final = 64  # decimal exponents beyond this are capped or round to the smallest amount


@lru_cache(maxsize=16_384)
def value_milli(text: str) -> int:
    """Return the quantity in thousandths, rounded up (away from zero): upstream's `MilliValue`.

    Raises
    ------
    ValueError
        When `text` is no quantity; the message quotes it.
    """
    return _scaled(text, 3)


@lru_cache(maxsize=16_384)
def value(text: str) -> int:
    """Return the quantity in whole units, rounded up (away from zero): upstream's `Value`.

    Raises
    ------
    ValueError
        When `text` is no quantity; the message quotes it.
    """
    return _scaled(text, 0)


@lru_cache(maxsize=16_384)
def value_nano(text: str) -> int:
    """Return the quantity in billionths, finer than which upstream keeps none.

    Raises
    ------
    ValueError
        When `text` is no quantity; the message quotes it.
    """
    return _scaled(text, 9)


def whole(milli: int) -> int:
    """Return thousandths as whole units, rounded up (away from zero)."""
    return -(-milli // 1000) if milli >= 0 else milli // 1000


def _scaled(text: str, places: int) -> int:
    """Return `text` times 10 to the power of `places`, rounded away from zero and capped."""
    match = _FORM.fullmatch(text)
    if match is None or not (match[2] or match[3]) or len(text) > _LONGEST:
        raise ValueError(f"{_quoted(text)} is not a quantity")
    sign, integral, fraction, suffix = match[1], match[2], match[3] or "", match[4] or ""
    digits = int(integral + fraction)
    exponent = places - len(fraction)
    if suffix in _BINARY:
        digits <<= _BINARY[suffix]
    elif suffix in _DECIMAL:
        exponent += _DECIMAL[suffix]
    elif suffix:
        exponent += max(-_WIDEST, min(_WIDEST, int(suffix[1:])))
    magnitude: int = digits * 10**exponent if exponent >= 0 else -(-digits // 10**-exponent)
    magnitude = min(magnitude, LARGEST * 10**places)
    return -magnitude if sign == "-" else magnitude


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
