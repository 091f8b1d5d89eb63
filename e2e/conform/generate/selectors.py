"""Selectors of devices in CEL, and the attributes they are about."""

from typing import Final

from e2e.client import Json

DRIVER: Final = "gpu.example.com"
OTHER: Final = "nic.example.com"
OWN: Final = "device.attributes[device.driver]"
GPU_OWN: Final = f'device.attributes["{DRIVER}"]'

EXPRESSIONS: Final = (
    f'{GPU_OWN}.?model.orValue("") == "a"',
    f'{OWN}.?model.orValue("x") in ["a", "b"]',
    f'has({GPU_OWN}.model) && {GPU_OWN}.model != "a"',
    f'"model" in {GPU_OWN}',
    f"has({OWN}.index) && {OWN}.index > 0 && {OWN}.index < 3",
    f"cel.bind(own, {OWN}, has(own.index) && (own.index == 0 || own.index >= 2))",
    f'{OWN}[?"index"].orValue(7) % 2 == 0',
    "has(device.capacity[device.driver].memory) && "
    'device.capacity[device.driver].memory.compareTo(quantity("20Gi")) >= 0',
    f'"memory" in device.capacity["{DRIVER}"] && '
    f'device.capacity["{DRIVER}"].memory.isGreaterThan(quantity("10Gi"))',
    f'has(device.capacity["{DRIVER}"].memory) ? '
    f'device.capacity["{DRIVER}"].memory.isLessThan(quantity("21474836480")) : true',
    f'has({OWN}.version) && {OWN}.version.isGreaterThan(semver("1.9.0"))',
    f'{OWN}.?version.orValue(semver("0.0.1")).compareTo(semver("v1.10", true)) >= 0',
    f"has({OWN}.version) && {OWN}.version.major() == 1",
    "device.allowMultipleAllocations",
    "!device.allowMultipleAllocations",
    'has(device.attributes["example.com"].numa) && device.attributes["example.com"].numa == 0',
    '!has(device.attributes["missing.example.com"].x)',
    '"example.com" in device.attributes',
    f'{OWN}.?model.orValue("") == "xA".lowerAscii().substring(1)',
    f'{OWN}.?model.orValue("b").startsWith("a") && "a1".matches("^a[0-9]$")',
    f'device.driver.startsWith("gpu") && {OWN}.?fast.orValue(true)',
    f'{GPU_OWN}.model == "a" || device.driver == "{OTHER}"',
    f'["a", "c"].exists(each, each == {OWN}.?model.orValue(""))',
    f'{GPU_OWN}.model == "a"',  # an error without the attribute
    f"{GPU_OWN}.fast",
    'device.attributes["example.com"].numa == 1',
)


def of(expression: str) -> Json:
    """Return a selector."""
    return {"cel": {"expression": expression}}
