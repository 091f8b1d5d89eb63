"""What free room is worth under prices, CPU at a rate: a knapsack for each device.

With each millicore priced at a rate, devices no longer compete for CPU, and what is free of one is
worth the best set of shares in it. At any rate that is a bound on what can arrive; memory is left
out of it.
"""

from typing import NamedTuple

import numpy as np

from restow.packing.patterns.compiled import compiled
from restow.sharing.arrays import Fleet, Ints, Kinds

RATES = 12
"""Rates that are tried: between what CPU is worth to pods without devices and to the greediest."""

BEND = 2.0
"""Rates are denser where CPU is cheap, as it mostly is: they grow with this power."""


class Values(NamedTuple):
    """What room is worth.

    Parameters
    ----------
    rate
        (models, rates) of a millicore.
    device
        (models, rates, units + 1) of what is free of a device.
    menu, start
        Classes that may pay, the dearest first, model by model, and where each model's begin.
    price
        (kinds,) what one is worth where it arrives.
    move
        What a departure costs besides.
    """

    rate: Ints
    device: Ints
    menu: Ints
    start: Ints
    price: Ints
    move: int


def value(fleet: Fleet, price: Ints, move: int) -> Values:
    """Return what room is worth under the prices of classes and of a move."""
    kinds, menus = fleet.kinds, []
    models = kinds.model.shape[1]
    rate = np.zeros((models, RATES), np.int64)
    device = np.zeros((models, RATES, fleet.full + 1), np.int64)
    for m in range(models):
        menu = _menu(kinds, np.flatnonzero((kinds.model[:, m] > 0) & (price > 0)), price)
        menus.append(menu)
        rate[m] = _rates(kinds, menu, price)
        _worth(kinds, menu, price, rate[m], device[m])
    start = np.cumsum([0, *(len(menu) for menu in menus)]).astype(np.int64)
    return Values(rate, device, np.concatenate(menus), start, price, move)


def _menu(kinds: Kinds, here: Ints, price: Ints) -> Ints:
    """Return the classes that pay, dearest first, without those that ask as much for less."""
    needs = np.stack(
        [kinds.cpu[here], kinds.memory[here], kinds.number[here], kinds.units[here]], axis=1
    )
    order = np.lexsort((*needs.T, -price[here]))
    kept: list[int] = []
    for at in order:
        if not (needs[kept] <= needs[at]).all(axis=1).any():
            kept.append(int(at))
    menu: Ints = here[kept].astype(np.int64)
    return menu


def _rates(kinds: Kinds, menu: Ints, price: Ints) -> Ints:
    """Return the rates: at none of them a pod without devices is worth more than its CPU."""
    cpu = np.maximum(kinds.cpu[menu], 1)
    each = price[menu] // cpu + 1
    low = int(each[kinds.number[menu] == 0].max(initial=0))
    high = max(low, int(each.max(initial=0)))
    steps = (np.arange(RATES) / (RATES - 1)) ** BEND
    rates: Ints = low + np.ceil((high - low) * steps).astype(np.int64)
    return rates


@compiled
def _worth(kinds: Kinds, menu: Ints, price: Ints, rate: Ints, out: Ints) -> None:
    full = out.shape[1] - 1
    for j in range(rate.shape[0]):
        for f in range(full + 1):
            best = out[j, f - 1] if f else 0
            for at in range(menu.shape[0]):
                k = menu[at]
                units = kinds.units[k]
                if 0 < units <= f:
                    worth = price[k] - rate[j] * kinds.cpu[k]
                    if kinds.number[k] > 1:
                        worth = -(-worth // kinds.number[k])
                    best = max(best, worth + out[j, f - units])
            out[j, f] = best
