"""Which class may stand where room was found for another: one that asks for no more."""

import numpy as np

from restow.sharing.arrays import Ints, Kinds

Pairs = list[tuple[int, int]]


def nested(kinds: Kinds) -> Pairs:
    """Return pairs of a class and one whose room suffices for it, without those that follow.

    A class that is small in one pair stands before all pairs in which it is large.
    """
    needs = np.stack([kinds.cpu, kinds.memory, kinds.units], axis=1)
    order = np.lexsort((-kinds.model.sum(axis=1), *needs.T))
    needs, model, number = needs[order], kinds.model[order], kinds.number[order]
    fits = (
        (needs[:, None] <= needs[None]).all(axis=2)
        & (number[:, None] == number[None])
        & (model[:, None] >= model[None]).all(axis=2)
    )
    fits = np.triu(fits, 1)  # of equal classes one is taken for the smaller
    follows = fits.astype(np.float32) @ fits.astype(np.float32) > 0
    pairs = np.argwhere(fits & ~follows)
    return [(int(order[small]), int(order[large])) for small, large in pairs]


def lifted(price: Ints, pairs: Pairs) -> Ints:
    """Return prices at which no class is dearer than one in whose room it fits.

    It never pays to let one arrive that asks for more at the same price: no bound becomes worse.
    """
    price = price.copy()
    for small, large in pairs:
        price[large] = max(price[large], price[small])
    return price
