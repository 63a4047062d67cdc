"""Get-Member, Add-Member, Get-Command, and the variables as commands see them."""

from certloom.scripting.powershell.cmdlets.spec import ANY, SWITCH, TEXT, Call, Cmdlet, Parameter, collecting, each
from certloom.scripting.powershell.operators.matching import like
from certloom.scripting.powershell.runtime.session import Emit, Scope
from certloom.scripting.powershell.types.properties import property_names
from certloom.scripting.powershell.types.registry import SPECS
from certloom.scripting.powershell.values.collections import Hashtable, PSObject
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.kinds import kind_name, type_of
from certloom.scripting.powershell.values.text import text

__all__ = ["MEMBERS"]

_KINDS = {"noteproperty": "NoteProperty", "scriptproperty": "ScriptProperty", "scriptmethod": "ScriptMethod"}


def _described(kind: str, name: str, member: str) -> PSObject:
    made = PSObject()
    made.add("TypeName", kind)
    made.add("Name", name)
    made.add("MemberType", member)
    return made


def _members(value: object) -> list[PSObject]:
    kind = kind_name(value)
    spec = SPECS.get(type_of(value).name)
    found = [_described(kind, name, "Method") for name in sorted(spec.methods if spec is not None else ())]
    if isinstance(value, PSObject):
        return found + [_described(kind, one.name, one.kind) for one in sorted(value, key=lambda one: one.name.lower())]
    names = [] if isinstance(value, Hashtable) else sorted(property_names(value))
    return found + [_described(kind, name, "Property") for name in names]


def _get_member(call: Call, items: list[object], emit: Emit) -> None:
    seen: set[str] = set()
    for item in items:
        if item is None or kind_name(item) in seen:
            continue
        seen.add(kind_name(item))
        for member in _members(item):
            if _wanted(call, text(member.get("Name")), text(member.get("MemberType"))):
                emit(member)


def _wanted(call: Call, name: str, kind: str) -> bool:
    if call.has("Name") and not any(like(name, text(one), case_sensitive=False) for one in items_of(call.get("Name"))):
        return False
    if not call.has("MemberType"):
        return True
    wanted = [text(one).lower() for one in items_of(call.get("MemberType"))]
    return kind.lower() in wanted or ("properties" in wanted and kind.endswith("Property"))


def _add_member(call: Call, item: object, emit: Emit) -> None:
    if not isinstance(item, PSObject):
        raise failure(f"Members can only be added to custom objects, not to [{kind_name(item)}].")
    if call.has("NotePropertyMembers"):
        table = call.get("NotePropertyMembers")
        for entry in table if isinstance(table, Hashtable) else []:
            _add(call, item, text(entry.key), entry.value, "NoteProperty")
    elif call.has("NotePropertyName"):
        _add(call, item, text(call.get("NotePropertyName")), call.get("NotePropertyValue"), "NoteProperty")
    else:
        _add_given(call, item)
    if call.flag("PassThru"):
        emit(item)


def _add_given(call: Call, item: PSObject) -> None:
    """Kind, name and value; or only name and value, for a note."""
    kind = _KINDS.get(text(call.get("MemberType")).lower())
    if kind is not None:
        _add(call, item, text(call.get("Name")), call.get("Value"), kind)
    elif call.has("Value"):
        raise failure("Add-Member adds a NoteProperty, a ScriptProperty or a ScriptMethod.")
    else:
        _add(call, item, text(call.get("MemberType")), call.get("Name"), "NoteProperty")


def _add(call: Call, item: PSObject, name: str, value: object, kind: str) -> None:
    if name.lower() in item.properties and not call.flag("Force"):
        raise failure(
            f'Cannot add a member with the name "{name}" because a member with that name already exists. '
            "To overwrite the member anyway, add the Force parameter to your command."
        )
    call.scope.session.budget.spend(100)
    item.add(name, value, kind)


def _level(call: Call) -> Scope:
    scope = text(call.get("Scope")).lower()
    return call.scope.script() if scope in {"script", "global"} else call.scope


def _set_variable(call: Call, item: object, emit: Emit) -> None:
    name = text(call.get("Name")).lower()
    _level(call).put(name, item)
    if call.flag("PassThru"):
        emit(item)


def _get_variable(call: Call, _: list[object], emit: Emit) -> None:
    for given in items_of(call.get("Name")):
        name = text(given)
        level = _level(call)
        if not level.has(name.lower()):
            raise failure(
                f"Cannot find a variable with the name '{name}'.", "System.Management.Automation.ItemNotFoundException"
            )
        value = level.get(name.lower())
        if call.flag("ValueOnly"):
            emit(value)
            continue
        made = PSObject()
        made.add("Name", name)
        made.add("Value", value)
        emit(made)


def _remove_variable(call: Call, _: list[object], __: Emit) -> None:
    for given in items_of(call.get("Name")):
        _level(call).variables.pop(text(given).lower(), None)


_SCOPE = Parameter("Scope", TEXT)

MEMBERS = (
    Cmdlet(
        "Get-Member",
        collecting(_get_member),
        (
            Parameter("InputObject", pipeline=True),
            Parameter("Name", ANY, 0),
            Parameter("MemberType", aliases=("Type",)),
            Parameter("Force", SWITCH),
        ),
        ("gm",),
    ),
    Cmdlet(
        "Add-Member",
        each(_add_member),
        (
            Parameter("InputObject", pipeline=True),
            Parameter("MemberType", TEXT, 0, aliases=("Type",)),
            Parameter("Name", ANY, 1),
            Parameter("Value", ANY, 2),
            Parameter("NotePropertyName", TEXT),
            Parameter("NotePropertyValue"),
            Parameter("NotePropertyMembers"),
            Parameter("Force", SWITCH),
            Parameter("PassThru", SWITCH),
        ),
    ),
    Cmdlet(
        "Set-Variable",
        each(_set_variable),
        (
            Parameter("Name", TEXT, 0),
            Parameter("Value", ANY, 1, pipeline=True),
            _SCOPE,
            Parameter("Force", SWITCH),
            Parameter("PassThru", SWITCH),
        ),
        ("sv", "set"),
    ),
    Cmdlet(
        "Get-Variable",
        collecting(_get_variable),
        (Parameter("Name", ANY, 0), _SCOPE, Parameter("ValueOnly", SWITCH)),
        ("gv",),
    ),
    Cmdlet("Remove-Variable", collecting(_remove_variable), (Parameter("Name", ANY, 0), _SCOPE), ("rv",)),
)
