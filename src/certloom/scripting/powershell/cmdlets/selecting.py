"""Select-Object."""

from certloom.scripting.powershell.cmdlets.blocks import computed, matching_names, value_of
from certloom.scripting.powershell.cmdlets.keys import identity
from certloom.scripting.powershell.cmdlets.spec import INT, SWITCH, TEXT, TEXTS, Call, Cmdlet, Parameter
from certloom.scripting.powershell.compiling.compiler import pour
from certloom.scripting.powershell.operators.matching import like
from certloom.scripting.powershell.runtime.session import Emit, Stage
from certloom.scripting.powershell.runtime.signals import StopSignal
from certloom.scripting.powershell.types.members import MISSING, property_of
from certloom.scripting.powershell.types.properties import property_names
from certloom.scripting.powershell.values.collections import Hashtable, PSObject
from certloom.scripting.powershell.values.conversion import items_of, to_int
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.objects import ScriptBlock
from certloom.scripting.powershell.values.text import text

__all__ = ["SELECTING"]


def _picked(call: Call, item: object) -> object:
    """The item itself, a custom object of some of its properties, or the value of one."""
    if call.has("ExpandProperty"):
        return _expanded(call, item)
    if not call.has("Property") and not call.has("ExcludeProperty"):
        return item
    made = PSObject()
    for selector in items_of(call.get("Property") if call.has("Property") else ["*"]):
        _pick(call, item, selector, made)
    for excluded in items_of(call.get("ExcludeProperty")) if call.has("ExcludeProperty") else []:
        for name in [one for one in made.properties if like(one, text(excluded), case_sensitive=False)]:
            del made.properties[name]
    return made


def _pick(call: Call, item: object, selector: object, made: PSObject) -> None:
    call.scope.session.budget.spend(100)
    if isinstance(selector, Hashtable):
        name, expression = computed(selector)
        made.add(name, value_of(call.scope, item, expression))
    elif isinstance(selector, ScriptBlock):
        made.add(selector.text, value_of(call.scope, item, selector))
    else:
        for name in matching_names(call.scope, item, text(selector)):
            known = next((one for one in property_names(item) if one.lower() == name.lower()), name)
            made.add(known, value_of(call.scope, item, name))


def _expanded(call: Call, item: object) -> object:
    name = text(call.get("ExpandProperty"))
    found = MISSING if item is None else property_of(call.scope.session, item, name)
    if found is MISSING:
        raise failure(f'Property "{name}" cannot be found.', "System.Management.Automation.PSArgumentException")
    return found


def _index(call: Call, name: str) -> int:
    return to_int(call.get(name)) if call.has(name) else 0


class _Selection:
    """One Select-Object at work."""

    def __init__(self, call: Call, emit: Emit) -> None:
        self.call = call
        self.emit = emit
        self.kept: list[object] = []
        self.seen: set[object] = set()
        self.first = _index(call, "First") if call.has("First") else -1
        self.skip = _index(call, "Skip")
        self.buffered = call.has("Last") or call.has("SkipLast") or call.has("Index")
        self.count = 0
        self.stage = Stage(self.process, self.end)

    def process(self, item: object) -> None:
        self.count += 1
        if self.buffered:
            self.call.scope.session.budget.spend(16)
            self.kept.append(item)
            return
        if self.count <= self.skip:
            return
        if self.first < 0 or self.count - self.skip <= self.first:
            self.put_out(item)
        if 0 <= self.first <= self.count - self.skip:
            raise StopSignal(self.stage.process)

    def put_out(self, item: object) -> None:
        picked = _picked(self.call, item)
        if self.call.flag("Unique") and not self._is_new(picked):
            return
        if self.call.has("ExpandProperty"):
            pour(picked, self.emit)
        else:
            self.emit(picked)

    def _is_new(self, picked: object) -> bool:
        key = identity(picked, exact=True)
        if key in self.seen:
            return False
        self.call.scope.session.budget.spend(100)
        self.seen.add(key)
        return True

    def end(self) -> None:
        for item in _buffered(self.call, self.kept) if self.buffered else []:
            self.put_out(item)


def _start(call: Call, emit: Emit) -> Stage:
    return _Selection(call, emit).stage


def _buffered(call: Call, kept: list[object]) -> list[object]:
    if call.has("Index"):
        wanted = sorted({to_int(one) for one in items_of(call.get("Index"))})
        return [kept[one] for one in wanted if 0 <= one < len(kept)]
    skip, last = _index(call, "Skip"), _index(call, "Last")
    if call.has("SkipLast"):
        return kept[skip : max(len(kept) - _index(call, "SkipLast"), 0)]
    remaining = kept[: len(kept) - skip] if skip else kept
    chosen = remaining[max(len(remaining) - last, 0) :]
    if call.has("First"):
        head = kept[: _index(call, "First")]
        return head + chosen[max(len(head) + len(chosen) - len(kept), 0) :]
    return chosen


SELECTING = (
    Cmdlet(
        "Select-Object",
        _start,
        (
            Parameter("InputObject", pipeline=True),
            Parameter("Property", TEXTS, 0),
            Parameter("ExcludeProperty", TEXTS),
            Parameter("ExpandProperty", TEXT),
            Parameter("First", INT),
            Parameter("Last", INT),
            Parameter("Skip", INT),
            Parameter("SkipLast", INT),
            Parameter("Index", TEXTS),
            Parameter("Unique", SWITCH),
            Parameter("Wait", SWITCH),
        ),
        ("select",),
    ),
)
