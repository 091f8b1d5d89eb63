"""Arguments of the benchmarks' command lines."""

import argparse


def count(text: str) -> int:
    """Return a number that is not negative.

    Raises
    ------
    argparse.ArgumentTypeError
        It is.
    """
    found = int(text)
    if found < 0:
        raise argparse.ArgumentTypeError(f"{found} is negative")
    return found
