"""Selectors of devices in CEL, and the attributes they are about."""

from typing import Final

from e2e.client import Json

DRIVER: Final = "gpu.example.com"
OTHER: Final = "nic.example.com"
OWN: Final = "device.attributes[device.driver]"
GPU_OWN: Final = f'device.attributes["{DRIVER}"]'

SAME: Final = (
    'semver("v1", true).compareTo(semver("1.0.0")) == 0 && isSemver("01.0.2", true)',
    'semver("01.10.3", true).compareTo(semver("1.10.3")) == 0',
    'semver("0.10", true).minor() == 10',
    '!isSemver("1.2-rc", true) && isSemver("1.2.3-rc", true) && !isSemver("1.02.0")',
    'isSemver("1.0.0-0") && isSemver("1.0.0-10") && !isSemver("1.0.0-01")',
    'quantity("1Ki").compareTo(quantity("1024")) == 0 && quantity("5").asInteger() == 5',
    '!quantity("1").isLessThan(quantity("1")) && quantity("1").isLessThan(quantity("2"))',
    '!quantity("1").isGreaterThan(quantity("1")) && semver("1.1.0").isGreaterThan(semver("1.0.9"))',
    'quantity("99999999999999").isInteger() && quantity("-5").isInteger()',
    '!quantity("1500m").isInteger() && quantity("20Gi").asInteger() == 21474836480',
    'sign(quantity("0")) == 0 && sign(quantity("-2")) == -1 && sign(quantity("2")) == 1',
)
"""True of every device, or of none: what the language itself says."""

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
    '!("example.com" in device.attributes)',
    '"local" in device.attributes',
    'device.attributes.all(domain, domain != "example.com")',
    f'{OWN}.?model.orValue("") == "xA".lowerAscii().substring(1)',
    f'{OWN}.?model.orValue("b").startsWith("a") && "a1".matches("^a[0-9]$")',
    f'device.driver.startsWith("gpu") && {OWN}.?fast.orValue(true)',
    f'{GPU_OWN}.model == "a" || device.driver == "{OTHER}"',
    f'["a", "c"].exists(each, each == {OWN}.?model.orValue(""))',
    "size(device.attributes) > 1",
    'device.attributes.exists(domain, domain == "local")',
    'has(device.attributes.local.rack) && device.attributes.local.rack == "r1"',
    f'has({OWN}.version) && {OWN}.version == semver("1.10.0")',
    f'has({OWN}.model) && {OWN}["model"] != "c"',
    *SAME,
    f'{GPU_OWN}.model == "a"',  # an error without the attribute
    f'{OWN}.model == "b"',
    f'{OWN}.?model.orValue("b") > 1',  # an error in any case
    f"{GPU_OWN}.fast",
    'device.attributes["example.com"].numa == 1',
)


def of(expression: str) -> Json:
    """Return a selector."""
    return {"cel": {"expression": expression}}
