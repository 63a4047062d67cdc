"""``param()``: binding, defaults, types, mandatory parameters and validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from certloom.scripting.powershell.compiling.compiler import Compiler, Evaluate
from certloom.scripting.powershell.compiling.validation import Check, checks
from certloom.scripting.powershell.compiling.values import settled
from certloom.scripting.powershell.runtime.session import Given, Scope, Session
from certloom.scripting.powershell.syntax import statements as tree
from certloom.scripting.powershell.syntax.expressions import Literal, Variable
from certloom.scripting.powershell.types.members import MISSING, property_of
from certloom.scripting.powershell.types.registry import derives, resolve
from certloom.scripting.powershell.values.collections import Hashtable, ListValue
from certloom.scripting.powershell.values.conversion import convert, items_of
from certloom.scripting.powershell.values.errors import ScriptError, failure
from certloom.scripting.powershell.values.kinds import type_of
from certloom.scripting.powershell.values.objects import TypeRef
from certloom.scripting.powershell.values.text import text

__all__ = ["Bound", "Taken", "compiled_parameters"]


class Taken(msgspec.Struct, frozen=True):
    """A parameter that takes input: its key and type, the properties it may come from, and whether it takes items."""

    key: str
    kind: Callable[[], TypeRef] | None
    names: tuple[str, ...]
    whole: bool

    def from_item(self, session: Session, item: object) -> object:
        """What an item of the input gives the parameter: itself, or one of its properties; MISSING without either."""
        fits = self.kind is None or derives(type_of(item), self.kind())
        if self.whole and (fits or not self.names):
            return item
        for name in self.names if item is not None else ():
            found = property_of(session, item, name)
            if found is not MISSING:
                return found
        return item if self.whole else MISSING


Bound = Callable[[Scope, Sequence[Given], bool], None]
_BINDING = "System.Management.Automation.ParameterBindingException"
_COMMON = frozenset({"verbose", "debug", "erroraction", "warningaction", "informationaction", "ea", "wa"})


class _Parameter(msgspec.Struct, frozen=True):
    """A parameter ready to be bound."""

    name: str
    key: str
    kind: Callable[[], TypeRef] | None
    default: Evaluate | None
    mandatory: bool
    switch: bool
    rest: bool
    position: int
    pipeline: bool
    by_name: bool
    null: bool
    empty: bool
    aliases: tuple[str, ...]
    checks: tuple[Check, ...]


def compiled_parameters(compiler: Compiler, body: tree.Body) -> tuple[Bound, tuple[Taken, ...]]:
    """The binding of a body's parameters, and those that take input from the pipeline."""
    parameters = tuple(_compiled(compiler, node) for node in body.parameters)
    strict = bool(body.attributes) or any(_attribute(node, "parameter") is not None for node in body.parameters)

    def bind(level: Scope, given: Sequence[Given], fed: bool) -> None:  # noqa: FBT001 - part of the contract
        if not parameters:
            _unbound(level, given, strict=strict)
            return
        values, free, unknown = _by_name(parameters, given, strict=strict)
        _by_position(parameters, values, free, strict=strict)
        level.variables["args"] = [*unknown, *free]
        _settle(level, parameters, values, fed=fed)

    return bind, tuple(
        Taken(one.key, one.kind, (one.name, *one.aliases) if one.by_name else (), whole=one.pipeline)
        for one in parameters
        if one.pipeline or one.by_name
    )


def _unbound(level: Scope, given: Sequence[Given], *, strict: bool) -> None:
    """The arguments of a body without parameters; an advanced function takes none."""
    free = [one.value for one in given if not one.name or one.written]
    if free and strict:
        raise failure(
            f"A positional parameter cannot be found that accepts argument '{text(free[0])[:100]}'.", _BINDING
        )
    level.variables["args"] = free


def _attribute(node: tree.Parameter, name: str) -> tree.Attribute | None:
    return next((one for one in node.attributes if one.name.lower().removesuffix("attribute") == name), None)


def _flag(attribute: tree.Attribute | None, name: str) -> bool:
    if attribute is None:
        return False
    for key, value in attribute.named:
        if key.lower() == name:
            return not (isinstance(value, Variable) and value.name.lower() == "false")
    return False


def _number(attribute: tree.Attribute | None, name: str) -> int:
    for key, value in attribute.named if attribute is not None else ():
        if key.lower() == name and isinstance(value, Literal) and isinstance(value.value, int):
            return value.value
    return -1


def _compiled(compiler: Compiler, node: tree.Parameter) -> _Parameter:
    attribute, alias = _attribute(node, "parameter"), _attribute(node, "alias")
    kind = node.type
    names = [one.value for one in alias.positional if isinstance(one, Literal)] if alias is not None else []
    return _Parameter(
        name=node.name,
        key=node.name.lower(),
        kind=(lambda: resolve(kind)) if kind is not None else None,
        default=compiler.expression(node.default) if node.default is not None else None,
        mandatory=_flag(attribute, "mandatory"),
        switch=kind is not None and kind.name.lower() in {"switch", "system.management.automation.switchparameter"},
        rest=_flag(attribute, "valuefromremainingarguments"),
        position=_number(attribute, "position"),
        pipeline=_flag(attribute, "valuefrompipeline"),
        by_name=_flag(attribute, "valuefrompipelinebypropertyname"),
        null=_attribute(node, "allownull") is not None,
        empty=any(_attribute(node, name) is not None for name in ("allowemptystring", "allowemptycollection")),
        aliases=tuple(text(name).lower() for name in names),
        checks=checks(compiler, node.attributes),
    )


def _named(parameters: tuple[_Parameter, ...], name: str) -> _Parameter | None:
    wanted = name.lower()
    for parameter in parameters:
        if wanted == parameter.key or wanted in parameter.aliases:
            return parameter
    close = [parameter for parameter in parameters if parameter.key.startswith(wanted)]
    if len(close) > 1:
        names = " ".join(f"-{one.name}" for one in close)
        raise failure(
            f"Parameter cannot be processed because the parameter name '{name}' is ambiguous. "
            f"Possible matches include: {names}.",
            _BINDING,
        )
    return close[0] if close else None


def _by_name(
    parameters: tuple[_Parameter, ...], given: Sequence[Given], *, strict: bool
) -> tuple[dict[str, object], list[object], list[object]]:
    """Values by name, those without a name, and names that no parameter has."""
    values: dict[str, object] = {}
    free: list[object] = []
    unknown: list[object] = []
    at = 0
    while at < len(given):
        one = given[at]
        parameter = _named(parameters, one.name) if one.name else None
        at += 1
        if parameter is None:
            _unnamed(one, free, unknown, strict=strict)
            continue
        if parameter.key in values:
            raise failure(
                f"Cannot bind parameter because parameter '{parameter.name}' is specified more than once.", _BINDING
            )
        if one.written:
            values[parameter.key] = one.value
        elif parameter.switch:
            values[parameter.key] = True
        elif at < len(given) and not given[at].name:
            values[parameter.key] = given[at].value
            at += 1
        else:
            raise failure(
                f"Missing an argument for parameter '{parameter.name}'. Specify a parameter and try again.", _BINDING
            )
    return values, free, unknown


def _unnamed(one: Given, free: list[object], unknown: list[object], *, strict: bool) -> None:
    if not one.name:
        free.append(one.value)
    elif one.name.lower() in _COMMON and strict:
        return
    elif strict:
        raise failure(f"A parameter cannot be found that matches parameter name '{one.name}'.", _BINDING)
    else:
        unknown.append(f"-{one.name}")
        if one.written:
            unknown.append(one.value)


def _by_position(
    parameters: tuple[_Parameter, ...], values: dict[str, object], free: list[object], *, strict: bool
) -> None:
    explicit = any(parameter.position >= 0 for parameter in parameters)
    places = [
        one for one in parameters if one.key not in values and not one.switch and (not explicit or one.position >= 0)
    ]
    for parameter in sorted(places, key=lambda one: one.position) if explicit else places:
        if not free:
            break
        if parameter.rest:
            values[parameter.key] = list(free)
            free.clear()
        else:
            values[parameter.key] = free.pop(0)
    if free and strict:
        raise failure(
            f"A positional parameter cannot be found that accepts argument '{text(free[0])[:100]}'.", _BINDING
        )


def _settle(level: Scope, parameters: tuple[_Parameter, ...], values: dict[str, object], *, fed: bool) -> None:
    bound = Hashtable(kind="System.Collections.Generic.Dictionary`2")
    for parameter in parameters:
        given = parameter.key in values
        if not given and parameter.mandatory and not (fed and (parameter.pipeline or parameter.by_name)):
            raise failure(
                f"Cannot process command because of one or more missing mandatory parameters: {parameter.name}.",
                _BINDING,
            )
        value = _value(level, parameter, values)
        level.variables[parameter.key] = value
        if given:
            if parameter.mandatory:
                _refuse_empty(parameter, value)
            bound.put(parameter.name, value)
            for check in parameter.checks:
                check(level, parameter.name, value)
    level.variables["psboundparameters"] = bound


def _refuse_empty(parameter: _Parameter, value: object) -> None:
    """A mandatory parameter takes nothing empty, unless an attribute allows it."""
    what = ""
    if value is None and not parameter.null:
        what = "null"
    elif value == "" and parameter.kind is not None and not parameter.empty:
        what = "an empty string"
    elif isinstance(value, list | ListValue) and parameter.kind is not None and not parameter.empty:
        what = "" if items_of(value) else "an empty collection"
    if what:
        raise failure(f"Cannot bind argument to parameter '{parameter.name}' because it is {what}.", _BINDING)


def _value(level: Scope, parameter: _Parameter, values: dict[str, object]) -> object:
    given = parameter.key in values
    value: object = None
    if given:
        value = settled(values[parameter.key])
    elif parameter.default is not None:
        value = settled(parameter.default(level))
    if parameter.kind is None:
        return value
    kind = parameter.kind()
    level.types[parameter.key] = lambda one: convert(one, kind)
    if not given and parameter.default is None:
        return _empty(kind)
    return _converted(parameter, value, kind)


def _empty(kind: TypeRef) -> object:
    """What a typed parameter holds that was not given."""
    try:
        return convert(None, kind)
    except ScriptError:
        return None


def _converted(parameter: _Parameter, value: object, kind: TypeRef) -> object:
    try:
        return convert(value, kind)
    except ScriptError as wrong:
        message = f"Cannot process argument transformation on parameter '{parameter.name}'. {wrong.exception.message}"
        raise failure(message, _BINDING, "System.Management.Automation.PSInvalidCastException") from wrong
