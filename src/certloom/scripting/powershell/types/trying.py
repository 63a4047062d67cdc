"""``TryParse`` and its like: whether a text can be read, and the value through ``[ref]``."""

from collections.abc import Callable, Sequence

from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.spec import Method, no_overload
from certloom.scripting.powershell.values.errors import ScriptError
from certloom.scripting.powershell.values.objects import RefValue
from certloom.scripting.powershell.values.text import text

__all__ = ["tries", "tries_each"]


def tries(parse: Callable[[str], object], otherwise: Callable[[], object]) -> Method:
    """A method that reads its first argument; what cannot be read gives another value."""
    return tries_each(lambda given: parse(text(given[0])), otherwise)


def tries_each(parse: Callable[[Sequence[object]], object], otherwise: Callable[[], object]) -> Method:
    """The same of all arguments but the ``[ref]``."""

    def attempt(_: Session, __: object, arguments: Sequence[object]) -> object:
        given = [one for one in arguments if not isinstance(one, RefValue)]
        targets = [one for one in arguments if isinstance(one, RefValue)]
        if not given:
            raise no_overload("TryParse", len(arguments))
        try:
            value, read = parse(given), True
        except ScriptError:
            value, read = otherwise(), False
        for target in targets:
            target.write(value)
        return read

    return attempt
