"""Selectors say what upstream's CEL says of a device."""

import pytest

from restow.cluster.devices import Attribute, Capacity, Version
from restow.core.quantity import value_nano
from restow.rules.devices.selectors import Facts, SelectorError, UnreadableError, matches
from tests.support.devices import DRIVER

OWN = f'device.attributes["{DRIVER}"]'
ROOM = f'device.capacity["{DRIVER}"]'

DEVICE = Facts(
    DRIVER,
    (
        Attribute(name="cores", value=8),
        Attribute(name="fast", value=True),
        Attribute(name="model", value="a100"),
        Attribute(name="rack.example.com/row", value="r1"),
        Attribute(name="version", value=Version("1.10.0")),
    ),
    (Capacity(name="memory", value=value_nano("40Gi"), text="40Gi"),),
    False,
)


@pytest.mark.parametrize(
    "expression",
    [
        f'device.driver == "{DRIVER}"',
        f'{OWN}.model == "a100"',
        f'{OWN}["model"] == "a100"',
        'device.attributes["rack.example.com"].row == "r1"',
        "device.attributes[device.driver].fast",
        f"{OWN}.fast",
        "!device.allowMultipleAllocations",
        f'{OWN}.model in ["h100", "a100"]',
        f'"model" in {OWN}',
        f"{OWN}.cores > 7 && {OWN}.cores <= 8 && {OWN}.cores % 2 == 0 && {OWN}.cores < 8.5",
        f'{OWN}.model.startsWith("a") && {OWN}.model.matches("^a[0-9]+$")',
        f'{OWN}.model.upperAscii() == "A100" && {OWN}.model.substring(1) == "100"',
        f'{ROOM}.memory.compareTo(quantity("40960Mi")) == 0',
        f'{ROOM}.memory.isGreaterThan(quantity("10Gi"))',
        f'{ROOM}.memory.isLessThan(quantity("1Ti"))',
        f'{ROOM}.memory == quantity("40960Mi")',
        f'{ROOM}.memory.sub(quantity("39Gi")).asInteger() == 1073741824',
        f'sign({ROOM}.memory) == 1 && {ROOM}.memory.isInteger() && isQuantity("10Gi")',
        f'{OWN}.version.isGreaterThan(semver("1.9.0"))',
        f'{OWN}.version == semver("1.10.0+build")',
        f"{OWN}.version.major() == 1 && {OWN}.version.minor() == 10 && {OWN}.version.patch() == 0",
        f'{OWN}.version.compareTo(semver("v1.10", true)) == 0',
        'semver("1.0.0-rc.1").isLessThan(semver("1.0.0")) && !isSemver("1.0")',
        f'cel.bind(own, {OWN}, own.cores == 8 && own.model == "a100")',
        f'{OWN}.?missing.orValue("x") == "x" && {OWN}[?"cores"].orValue(0) == 8',
        f"has({OWN}.model) && !has({OWN}.missing)",
        '!has(device.attributes["other.example.com"].model)',
        '!("other.example.com" in device.attributes) && "rack.example.com" in device.attributes',
        "size(device.attributes) == 2",
        'device.attributes.exists(domain, domain == "rack.example.com")',
        f"{OWN}.missing == 1 || {OWN}.cores == 8",
        f"{OWN}.cores == 8 || {OWN}.missing == 1",
        f"!({OWN}.missing == 1 && {OWN}.cores == 7)",
        f"{OWN}.model != 5",
        f'{OWN}.model == "a100" // the good one',
    ],
)
def test_matching(expression: str) -> None:
    assert matches(expression, DEVICE)


@pytest.mark.parametrize(
    "expression",
    [
        'device.driver == "other"',
        f'{OWN}.cores == "8"',
        f'{ROOM}.memory.isGreaterThan(quantity("40Gi"))',
        f'{OWN}.version.isLessThan(semver("1.9.0"))',
        'has(device.attributes["other.example.com"].model)',
        '"x" in device.capacity["other.example.com"]',
        f"{OWN}.missing == 1 && false",
    ],
)
def test_not_matching(expression: str) -> None:
    assert not matches(expression, DEVICE)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (f"{OWN}.missing == 1", "no such key: missing. consider using CEL optional chaining"),
        ('device.attributes["other.example.com"].model == "x"', "no such key: model"),
        (f'{ROOM}.slots.isLessThan(quantity("1"))', "no such key: slots"),
        (f'{OWN}.cores.startsWith("8")', "no such overload"),
        (f"{OWN}.model < 5", "no such overload"),
        (f'{OWN}.model.isLessThan(semver("1.0.0"))', "no such overload"),
        (f"{OWN}.cores / 0 == 1", "division by zero"),
        (f"{OWN}.model", "CEL result of type string could not be converted to bool"),
    ],
)
def test_what_upstream_fails_on_is_an_error(expression: str, text: str) -> None:
    with pytest.raises(SelectorError, match=text):
        matches(expression, DEVICE)


@pytest.mark.parametrize(
    "expression",
    [
        "device.attributes[",
        f"{OWN}.list.sum() > 1",
        'ip("10.0.0.1").family() == 4',
        'cel.bind(all, device.attributes, all["x"].y)',
        'device.attributes["other" + ".example.com"].x == 1',
        f'{OWN}.version == "1.10.0"',
        f'{OWN}.version != "1.10.0" || true',
        'quantity("100Ti").isInteger()',
        'quantity("-9223372036854775808").asInteger() < 0',
    ],
)
def test_what_cannot_be_told_is_no_answer(expression: str) -> None:
    with pytest.raises(UnreadableError):
        matches(expression, DEVICE)


def test_an_attribute_of_an_unknown_kind_fails_every_selector() -> None:
    device = Facts(DRIVER, (Attribute(name="list", value=None),))
    with pytest.raises(SelectorError, match="attribute list: unsupported attribute value"):
        matches("true", device)


def test_what_a_selector_names_tells_devices_apart() -> None:
    def device(value: bool | int, other: str) -> Facts:
        found = Attribute(name="numa", value=value), Attribute(name="uuid", value=other)
        return Facts(DRIVER, found)

    text = f"{OWN}.numa == 1"
    assert [matches(text, device(*each)) for each in ((1, "a"), (True, "b"), (2, "c"))] == [
        True,
        False,
        False,
    ]
    whole = f'{OWN}.exists(name, name == "uuid")'
    assert matches(whole, device(1, "a"))
    assert not matches(whole, Facts(DRIVER, (Attribute(name="numa", value=1),)))
