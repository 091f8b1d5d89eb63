"""Amounts of resources in words."""

_BINARY = ((2**40, "Ti"), (2**30, "Gi"), (2**20, "Mi"), (2**10, "Ki"))
_BYTES = ("memory", "ephemeral-storage", "hugepages-")


def amount(resource: str, value: int) -> str:
    """Return `value` of `resource` as people write it: `1500m cpu`, `4Gi memory`, `2 pods`."""
    if resource == "cpu":
        text = f"{value // 1000}" if value % 1000 == 0 else f"{value}m"
    elif resource.startswith(_BYTES):
        text = _bytes(value)
    else:
        text = str(value)
    return f"{text} {resource}"


def _bytes(value: int) -> str:
    """Return bytes in the largest unit that keeps at most two decimals and hides nothing much."""
    for size, unit in _BINARY:
        if value >= size:
            return f"{round(value / size, 2):g}{unit}"
    return str(value)
