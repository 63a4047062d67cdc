"""``$value.PSObject``: the properties and type names of a value (about_Intrinsic_Members)."""

from certloom.scripting.powershell.operators.matching import like
from certloom.scripting.powershell.types.arrays import any_value
from certloom.scripting.powershell.types.spec import TypeSpec, takes
from certloom.scripting.powershell.values.collections import ListValue, MemberView, Properties, Property, PSObject
from certloom.scripting.powershell.values.conversion import to_string
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.kinds import kind_name
from certloom.scripting.powershell.values.objects import NOTHING

__all__ = ["VIEWS"]


def _remove(properties: Properties, name: str) -> object:
    owner = properties.owner
    if not isinstance(owner, PSObject):
        raise failure(f"The property '{name[:100]}' belongs to the type of the object and cannot be removed.")
    owner.properties.pop(name.lower(), None)
    return NOTHING


def _add(properties: Properties, one: object) -> object:
    if not isinstance(properties.owner, PSObject) or not isinstance(one, Property):
        raise failure("Only a PSNoteProperty can be added, and only to a custom object.")
    properties.owner.add(one.name, one.value, one.kind)
    return NOTHING


def _matching(properties: Properties, wildcard: str) -> list[object]:
    return [
        one for one in properties.items if isinstance(one, Property) and like(one.name, wildcard, case_sensitive=False)
    ]


def _type_names(view: MemberView) -> ListValue:
    names: list[object] = [kind_name(view.target)]
    return ListValue(names if names == ["System.Object"] else [*names, "System.Object"])


def _copied(view: MemberView) -> object:
    """A custom object of its own with the same values."""
    if not isinstance(view.target, PSObject):
        return view.target
    made = PSObject(view.target.type)
    for one in view.target:
        made.add(one.name, one.value, one.kind)
    return made


VIEWS = (
    TypeSpec(
        name="System.Management.Automation.PSMemberSet",
        properties={
            "Properties": lambda view: view.properties,
            "TypeNames": _type_names,
            "BaseObject": lambda view: view.target,
        },
        methods={"Copy": takes(_copied)},
    ),
    TypeSpec(
        name="System.Management.Automation.PSPropertySet",
        properties={"Count": lambda properties: len(properties.items)},
        methods={
            "Remove": takes(_remove, to_string),
            "Add": takes(_add, any_value),
            "Match": takes(_matching, to_string),
            "Item": takes(lambda properties, name: properties.named(name), to_string),
        },
    ),
    TypeSpec(
        name="System.Management.Automation.PSNoteProperty",
        aliases=("psnoteproperty",),
        properties={
            "Name": lambda one: one.name,
            "Value": lambda one: one.value,
            "MemberType": lambda one: one.kind,
            "TypeNameOfValue": lambda one: kind_name(one.value),
        },
        new=lambda _, __, arguments: _note(list(arguments)),
    ),
)


def _note(given: list[object]) -> Property:
    if len(given) != 2:  # noqa: PLR2004 - name and value
        raise failure("A PSNoteProperty is made of a name and a value.")
    return Property(to_string(given[0]), given[1])
