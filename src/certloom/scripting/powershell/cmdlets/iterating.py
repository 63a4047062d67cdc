"""ForEach-Object and Where-Object."""

from collections.abc import Callable

from certloom.scripting.powershell.cmdlets.blocks import run_for, value_of
from certloom.scripting.powershell.cmdlets.spec import SWITCH, Call, Cmdlet, Parameter, Stage, each
from certloom.scripting.powershell.compiling.compiler import pour
from certloom.scripting.powershell.operators.matching import like, matched
from certloom.scripting.powershell.operators.membership import COMPARISONS, contains
from certloom.scripting.powershell.runtime.session import Emit
from certloom.scripting.powershell.types.members import call as call_member
from certloom.scripting.powershell.types.members import get, own
from certloom.scripting.powershell.types.registry import derives
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.kinds import type_of
from certloom.scripting.powershell.values.objects import ScriptBlock, TypeRef
from certloom.scripting.powershell.values.patterns import Pattern
from certloom.scripting.powershell.values.text import text
from certloom.scripting.powershell.values.truth import truth

__all__ = ["ITERATING"]


def _blocks(value: object) -> list[ScriptBlock]:
    return [block for block in items_of(value) if isinstance(block, ScriptBlock)] if value is not None else []


def _start(call: Call, emit: Emit) -> Stage:
    """Blocks without names are begin, process and end where there are two or three of them."""
    begin, process, end = _blocks(call.get("Begin")), _blocks(call.get("Process")), _blocks(call.get("End"))
    if process and not call.has("Begin"):
        if len(process) > 1:
            begin, process = process[:1], process[1:]
        if len(process) > 1 and not call.has("End"):
            process, end = process[:-1], process[-1:]
    for block in begin:
        run_for(call.scope, block, None, emit)

    def each_item(item: object) -> None:
        for block in process:
            run_for(call.scope, block, item, emit)

    def last() -> None:
        for block in end:
            run_for(call.scope, block, None, emit)

    return Stage(each_item, last)


def _for_each(call: Call, emit: Emit) -> Stage:
    given = call.get("Process")
    if given is None or _blocks(given):
        return _start(call, emit)
    words = items_of(given)
    name, arguments = (
        text(words[0]),
        [*words[1:], *(items_of(call.get("ArgumentList")) if call.has("ArgumentList") else [])],
    )

    def each_item(item: object) -> None:
        found = None if arguments else get(call.scope.session, item, name)
        if found is None and item is not None and (arguments or _is_method(item, name)):
            found = call_member(call.scope.session, item, name, arguments)
        pour(found, emit)

    return Stage(each_item, lambda: None)


def _is_method(item: object, name: str) -> bool:
    return own(type_of(item).name, "methods", name.lower()) is not None


Test = Callable[[object, object], bool]


def _compared(name: str, exact: bool) -> Test:  # noqa: FBT001 - one of two forms
    test = COMPARISONS[name]
    return lambda left, right: any(test(item, right, exact) for item in items_of(left))


def _matches(left: object, right: object, exact: bool) -> bool:  # noqa: FBT001 - one of two forms
    source = right if isinstance(right, Pattern) else text(right)
    return matched(text(left), source, case_sensitive=exact) is not None


def _is(left: object, right: object) -> bool:
    return isinstance(right, TypeRef) and derives(type_of(left), right)


_FORMS: dict[str, Callable[[object, object, bool], bool]] = {
    "Like": lambda left, right, exact: like(text(left), text(right), case_sensitive=exact),
    "NotLike": lambda left, right, exact: not like(text(left), text(right), case_sensitive=exact),
    "Match": _matches,
    "NotMatch": lambda left, right, exact: not _matches(left, right, exact),
    "Contains": contains,
    "NotContains": lambda left, right, exact: not contains(left, right, exact),
    "In": lambda left, right, exact: contains(right, left, exact),
    "NotIn": lambda left, right, exact: not contains(right, left, exact),
}


def _bound(test: Callable[[object, object, bool], bool], exact: bool) -> Test:  # noqa: FBT001 - one of two forms
    return lambda left, right: test(left, right, exact)


_TESTS: dict[str, Test] = {
    **{name.upper(): _compared(name, exact=False) for name in COMPARISONS},
    **{f"C{name.upper()}": _compared(name, exact=True) for name in COMPARISONS},
    **{name: _bound(test, exact=False) for name, test in _FORMS.items()},
    **{f"C{name}": _bound(test, exact=True) for name, test in _FORMS.items()},
    "Is": _is,
    "IsNot": lambda left, right: not _is(left, right),
}


def _where(call: Call, item: object, emit: Emit) -> None:
    block = call.get("FilterScript")
    if isinstance(block, ScriptBlock):
        if truth(value_of(call.scope, item, block)):
            emit(item)
        return
    value = value_of(call.scope, item, text(block))
    chosen = [name for name in _TESTS if call.has(name)]
    if len(chosen) > 1:
        raise failure("Where-Object takes one comparison; use a block for more.")
    if _TESTS[chosen[0]](value, call.get("Value")) if chosen else truth(value) is not call.flag("Not"):
        emit(item)


ITERATING = (
    Cmdlet(
        "ForEach-Object",
        _for_each,
        (
            Parameter("InputObject", pipeline=True),
            Parameter("Process", position=0, rest=True, aliases=("MemberName",)),
            Parameter("Begin"),
            Parameter("End"),
            Parameter("ArgumentList", aliases=("Args",)),
        ),
        ("%", "foreach"),
    ),
    Cmdlet(
        "Where-Object",
        each(_where),
        (
            Parameter("InputObject", pipeline=True),
            Parameter("FilterScript", position=0, aliases=("Property",)),
            Parameter("Value", position=1),
            Parameter("Not", SWITCH),
            *(Parameter(name, SWITCH, aliases=(f"I{name}",) if name.upper() == name else ()) for name in _TESTS),
        ),
        ("?", "where"),
    ),
)
