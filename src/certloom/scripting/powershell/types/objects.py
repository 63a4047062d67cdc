"""System.Object: what every value has; and custom objects, blocks and errors."""

from certloom.scripting.powershell.formatting.composite import formatted
from certloom.scripting.powershell.types.arrays import any_value
from certloom.scripting.powershell.types.spec import TypeSpec, static, takes
from certloom.scripting.powershell.values.collections import PSObject
from certloom.scripting.powershell.values.comparison import compare, equal
from certloom.scripting.powershell.values.kinds import type_of
from certloom.scripting.powershell.values.objects import ErrorRecord, ScriptBlock
from certloom.scripting.powershell.values.text import text

__all__ = ["BLOCK", "CUSTOM", "ERROR", "OBJECT", "PSOBJECT", "RECORDS", "TYPE"]


def _to_string(value: object, form: object = None, _: object = None) -> str:
    return formatted(value, text(form)) if form is not None else text(value)


def _compare(left: object, right: object) -> int:
    order = compare(left, right)
    return (order > 0) - (order < 0)


def _same(left: object, right: object) -> bool:
    return type(left) is type(right) and equal(left, right, case_sensitive=True)


def _closure(block: ScriptBlock) -> ScriptBlock:
    return block


def _category(error: ErrorRecord) -> PSObject:
    made = PSObject("System.Management.Automation.ErrorCategoryInfo")
    made.add("Category", "OperationStopped" if error.target is not None else "NotSpecified")
    made.add("Reason", error.exception.type.rpartition(".")[2])
    return made


def _invocation(error: ErrorRecord) -> PSObject:
    made = PSObject("System.Management.Automation.InvocationInfo")
    made.add("ScriptLineNumber", error.line)
    return made


OBJECT = TypeSpec(
    name="System.Object",
    aliases=("object",),
    methods={
        "ToString": takes(_to_string, any_value, any_value, least=0),
        "GetType": takes(type_of),
        "Equals": takes(_same, any_value),
        "CompareTo": takes(_compare, any_value),
    },
    new=static(PSObject),
)
PSOBJECT = TypeSpec(
    name="System.Management.Automation.PSObject",
    aliases=("psobject",),
    new=static(PSObject),
)
CUSTOM = TypeSpec(
    name="System.Management.Automation.PSCustomObject",
    aliases=("pscustomobject",),
    bases=("System.Management.Automation.PSObject",),
)
BLOCK = TypeSpec(
    name="System.Management.Automation.ScriptBlock",
    aliases=("scriptblock",),
    methods={"GetNewClosure": takes(_closure)},
)
ERROR = TypeSpec(
    name="System.Management.Automation.ErrorRecord",
    properties={
        "Exception": lambda error: error.exception,
        "TargetObject": lambda error: error.target,
        "FullyQualifiedErrorId": lambda error: error.name,
        "CategoryInfo": _category,
        "InvocationInfo": _invocation,
        "ErrorDetails": lambda _: None,
        "ScriptStackTrace": lambda error: f"at line {error.line}",
    },
)
RECORDS = tuple(
    TypeSpec(
        name=f"System.Management.Automation.{kind}Record",
        aliases=(f"{kind}Record",),
        properties={"MessageData" if kind == "Information" else "Message": lambda record: record.text},
    )
    for kind in ("Warning", "Verbose", "Debug", "Information")
)
TYPE = TypeSpec(
    name="System.RuntimeType",
    aliases=("type",),
    bases=("System.Type",),
    properties={
        "Name": lambda kind: (
            kind.full_name().rpartition(".")[2] if not kind.arguments else kind.name.rpartition(".")[2]
        ),
        "FullName": lambda kind: kind.full_name(),
        "IsArray": lambda kind: kind.element is not None,
    },
)
