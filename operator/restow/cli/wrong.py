"""What the command line asks for and cannot have."""

from restow.core.errors import InputError


def wrong(option: str, problem: str, remedy: str) -> InputError:
    """Return the error about an option, or about the file that it names."""
    return InputError(where="command line", field=option, problem=problem, remedy=remedy)
