"""System.Text.RegularExpressions.Regex, and the matches and groups it finds."""

from collections.abc import Sequence

from certloom.scripting.powershell.operators.matching import expanded, replaced, split_text
from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.arrays import any_value
from certloom.scripting.powershell.types.spec import TypeSpec, no_overload, static, takes
from certloom.scripting.powershell.values.collections import TypedArray
from certloom.scripting.powershell.values.conversion import to_int, to_string
from certloom.scripting.powershell.values.enums import enum_member
from certloom.scripting.powershell.values.objects import ScriptBlock
from certloom.scripting.powershell.values.patterns import Capture, Groups, Pattern, pattern
from certloom.scripting.powershell.values.text import text

__all__ = ["REGEXES"]

_NONE = Capture("System.Text.RegularExpressions.Match", "", 0, False)
_SPECIAL = set("\\*+?|{[()^$.# \t\n\r\f\v")
_CONTROLS = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f", "\v": "\\v"}


def _escape(value: str) -> str:
    return "".join(_CONTROLS.get(one, f"\\{one}") if one in _SPECIAL else one for one in value)


def _options(value: object) -> int:
    return enum_member("System.Text.RegularExpressions.RegexOptions", value).value if value is not None else 0


def _made(source: str, options: object = None, _: object = None) -> Pattern:
    return pattern(source, _options(options))


def _match(target: Pattern, value: str, start: int = 0) -> Capture:
    return target.search(value, max(start, 0)) or _NONE


def _replace(session: Session, target: Pattern, arguments: Sequence[object]) -> object:
    if not 2 <= len(arguments) <= 3:  # noqa: PLR2004 - text, replacement, number
        raise no_overload("Replace", len(arguments))
    value, replacement = text(arguments[0]), arguments[1]
    count = to_int(arguments[2]) if len(arguments) > 2 else -1  # noqa: PLR2004 - the number is the third
    if not isinstance(replacement, ScriptBlock):
        return replaced(value, target, text(replacement), case_sensitive=True, count=count)

    def computed(found: Capture) -> str:
        given = session.invoke(replacement, [found], {"_": found}) if session.invoke is not None else ""
        return text(given)

    return replaced(value, target, computed, case_sensitive=True, count=count)


def _instance_replace(session: Session, target: object, arguments: Sequence[object]) -> object:
    return _replace(session, target, arguments) if isinstance(target, Pattern) else ""


def _static_replace(session: Session, _: object, arguments: Sequence[object]) -> object:
    if not 3 <= len(arguments) <= 4:  # noqa: PLR2004 - text, pattern, replacement, options
        raise no_overload("Replace", len(arguments))
    options = arguments[3] if len(arguments) > 3 else None  # noqa: PLR2004 - the options are the fourth
    return _replace(session, _made(text(arguments[1]), options), [arguments[0], arguments[2]])


def _pieces(target: Pattern, value: str, count: int = 0) -> TypedArray:
    return TypedArray(list(split_text(value, target, max(count, 0), case_sensitive=True)), "System.String")


_REGEX = TypeSpec(
    name="System.Text.RegularExpressions.Regex",
    aliases=("regex",),
    methods={
        "IsMatch": takes(lambda target, value: target.search(value) is not None, to_string),
        "Match": takes(_match, to_string, to_int, least=1),
        "Matches": takes(lambda target, value: list(target.every(value)), to_string),
        "Replace": _instance_replace,
        "Split": takes(_pieces, to_string, to_int, least=1),
        "ToString": takes(lambda target: target.source),
        "GetGroupNames": takes(lambda target: ["0", *(name for _, name in target.translation.groups)]),
    },
    properties={"Options": lambda target: enum_member("System.Text.RegularExpressions.RegexOptions", target.options)},
    static_methods={
        "IsMatch": static(
            lambda value, source, options=None: _made(source, options).search(value) is not None,
            to_string,
            to_string,
            any_value,
            least=2,
        ),
        "Match": static(
            lambda value, source, options=None: _match(_made(source, options), value),
            to_string,
            to_string,
            any_value,
            least=2,
        ),
        "Matches": static(
            lambda value, source, options=None: list(_made(source, options).every(value)),
            to_string,
            to_string,
            any_value,
            least=2,
        ),
        "Replace": _static_replace,
        "Split": static(
            lambda value, source, options=None: _pieces(_made(source, options), value),
            to_string,
            to_string,
            any_value,
            least=2,
        ),
        "Escape": static(_escape, to_string),
    },
    new=static(_made, to_string, any_value, any_value, least=1),
)
_PROPERTIES = {
    "Value": lambda found: found.value,
    "Index": lambda found: found.index,
    "Length": lambda found: len(found.value),
    "Success": lambda found: found.success,
    "Name": lambda found: found.name,
}
_MATCH = TypeSpec(
    name="System.Text.RegularExpressions.Match",
    properties=_PROPERTIES | {"Groups": lambda found: Groups(found.groups)},
    methods={"Result": takes(lambda found, template: expanded(found, template, found.value), to_string)},
)
_GROUP = TypeSpec(name="System.Text.RegularExpressions.Group", properties=_PROPERTIES)

REGEXES = (_REGEX, _MATCH, _GROUP)
