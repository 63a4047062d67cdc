"""``-match``, ``-like``, ``-replace``, ``-split`` and ``-join``: of one text, or of every item of an array."""

from collections.abc import Callable

from certloom.scripting.powershell.compiling.compiler import Evaluate
from certloom.scripting.powershell.operators.matching import like, matched, replaced, split_text
from certloom.scripting.powershell.runtime.session import Scope
from certloom.scripting.powershell.values.collections import Hashtable, ListValue
from certloom.scripting.powershell.values.conversion import items_of, to_int
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.objects import ScriptBlock
from certloom.scripting.powershell.values.patterns import Capture, Pattern, pattern
from certloom.scripting.powershell.values.text import joined, text
from certloom.scripting.powershell.values.truth import truth

__all__ = ["TEXT_OPERATORS", "join", "remember", "unary_split"]


def join(left: object, right: object) -> str:
    """``-join``."""
    return joined(items_of(left), text(right))


def unary_split(value: object) -> list[object]:
    """``-split`` before a value: at blanks."""
    return [piece for item in items_of(value) for piece in text(item).split()]


def remember(scope: Scope, found: Capture) -> None:
    """Set ``$Matches``: groups that took part, by number or name."""
    table = Hashtable()
    for group in found.groups:
        if group.success:
            table.put(int(group.name) if group.name.isdigit() else group.name, group.value)
    scope.variables["matches"] = table


def _source(value: object) -> Pattern | str:
    return value if isinstance(value, Pattern) else text(value)


def _match(left: Evaluate, right: Evaluate, exact: bool) -> Evaluate:  # noqa: FBT001 - one of two forms
    def run(scope: Scope) -> object:
        value, source = left(scope), _source(right(scope))
        if isinstance(value, list | ListValue):
            items = items_of(value)
            scope.session.budget.step(len(items))
            return [item for item in items if matched(text(item), source, case_sensitive=exact) is not None]
        found = matched(text(value), source, case_sensitive=exact)
        if found is not None:
            remember(scope, found)
        return found is not None

    return run


def _selecting(test: Callable[[str, object, bool], bool]) -> Callable[[Evaluate, Evaluate, bool], Evaluate]:
    """An operator that tests a text, or picks from an array the items that pass."""

    def compiled(left: Evaluate, right: Evaluate, exact: bool) -> Evaluate:  # noqa: FBT001 - one of two forms
        def run(scope: Scope) -> object:
            value, source = left(scope), right(scope)
            if not isinstance(value, list | ListValue):
                return test(text(value), source, exact)
            scope.session.budget.step(len(items_of(value)))
            return [item for item in items_of(value) if test(text(item), source, exact)]

        return run

    return compiled


def _like(value: str, source: object, exact: bool) -> bool:  # noqa: FBT001 - one of two forms
    return like(value, text(source), case_sensitive=exact)


def _not_match(value: str, source: object, exact: bool) -> bool:  # noqa: FBT001 - one of two forms
    return matched(value, _source(source), case_sensitive=exact) is None


def _replace(left: Evaluate, right: Evaluate, exact: bool) -> Evaluate:  # noqa: FBT001 - one of two forms
    def run(scope: Scope) -> object:
        value, given = left(scope), items_of(right(scope))
        if not 1 <= len(given) <= 2:  # noqa: PLR2004 - what to find and what to put there
            raise failure("The -replace operator allows only two elements to follow it, not " + f"{len(given)}.")
        replacement = _replacement(scope, given[1] if len(given) > 1 else "")

        def one(item: object) -> object:
            scope.session.budget.step()
            made = replaced(text(item), _source(given[0]), replacement, case_sensitive=exact)
            scope.session.budget.made(made)
            return made

        return [one(item) for item in items_of(value)] if isinstance(value, list | ListValue) else one(value)

    return run


def _replacement(scope: Scope, value: object) -> Callable[[Capture], str] | str:
    if not isinstance(value, ScriptBlock):
        return text(value)
    session = scope.session

    def computed(found: Capture) -> str:
        return text(session.invoke(value, [], {"_": found})) if session.invoke is not None else ""

    return computed


def _split(left: Evaluate, right: Evaluate, exact: bool) -> Evaluate:  # noqa: FBT001 - one of two forms
    def run(scope: Scope) -> object:
        value, given = left(scope), items_of(right(scope))
        most = to_int(given[1]) if len(given) > 1 else 0
        options = text(given[2]).lower() if len(given) > 2 else ""  # noqa: PLR2004 - separator, number, options
        made: list[object] = []
        for item in items_of(value):
            scope.session.budget.step()
            made += _pieces(scope, text(item), given[0] if given else "", most, options, exact)
        scope.session.budget.spend(sum(60 + len(text(piece)) for piece in made))
        return made

    return run


def _pieces(scope: Scope, value: str, separator: object, most: int, options: str, exact: bool) -> list[str]:  # noqa: FBT001
    if isinstance(separator, ScriptBlock):
        return _split_by_block(scope, value, separator, most)
    source = _source(separator)
    if isinstance(source, str):
        flags = 0 if exact else 1
        flags |= 2 if "multiline" in options else 0
        flags |= 16 if "singleline" in options else 0
        source = pattern(_quoted(source) if "simplematch" in options else source, flags)
    return split_text(value, source, most, case_sensitive=exact)


def _quoted(source: str) -> str:
    return "".join(one if one.isalnum() or ord(one) > 127 else f"\\u{ord(one):04x}" for one in source)  # noqa: PLR2004 - ASCII


def _split_by_block(scope: Scope, value: str, block: ScriptBlock, most: int) -> list[str]:
    pieces = [""]
    for character in value:
        scope.session.budget.step()
        splits = scope.session.invoke is not None and truth(scope.session.invoke(block, [], {"_": character}))
        if splits and not 0 < most <= len(pieces):
            pieces.append("")
        else:
            pieces[-1] += character
    return pieces


TEXT_OPERATORS: dict[str, Callable[[Evaluate, Evaluate, bool], Evaluate]] = {
    "match": _match,
    "notmatch": _selecting(_not_match),
    "like": _selecting(_like),
    "notlike": _selecting(lambda value, source, exact: not _like(value, source, exact)),
    "replace": _replace,
    "split": _split,
}
