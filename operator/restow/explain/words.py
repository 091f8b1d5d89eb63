"""Texts within bounds."""

from collections.abc import Sequence


def listed(names: Sequence[str], most: int = 3, between: str = ", ") -> str:
    """Return the first `most` names, and how many more there are."""
    shown = between.join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def cut(text: str, most: int) -> str:
    """Return the text in at most `most` bytes of UTF-8; what is missing shows as an ellipsis.

    Where the last sentences do not fit, they go as a whole, unless little would remain.
    """
    body = text.encode()
    if len(body) <= most:
        return text
    kept = body[: most - len(" …".encode())].decode(errors="ignore").rstrip()
    end = kept.rfind(". ")
    return f"{kept[: end + 1] if end > len(kept) // 2 else kept} …"
