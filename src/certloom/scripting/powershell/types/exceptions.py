"""Exceptions: what derives from what, and their members."""

from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.spec import TypeSpec
from certloom.scripting.powershell.values.errors import ExceptionValue
from certloom.scripting.powershell.values.objects import TypeRef
from certloom.scripting.powershell.values.text import text

__all__ = ["EXCEPTIONS", "caught_by"]

_AUTOMATION = "System.Management.Automation."

_BASES: dict[str, str] = {
    "System.Exception": "",
    "System.SystemException": "System.Exception",
    "System.ApplicationException": "System.Exception",
    "System.ArgumentException": "System.SystemException",
    "System.ArgumentNullException": "System.ArgumentException",
    "System.ArgumentOutOfRangeException": "System.ArgumentException",
    "System.ArithmeticException": "System.SystemException",
    "System.DivideByZeroException": "System.ArithmeticException",
    "System.OverflowException": "System.ArithmeticException",
    "System.FormatException": "System.SystemException",
    "System.IndexOutOfRangeException": "System.SystemException",
    "System.InvalidCastException": "System.SystemException",
    "System.InvalidOperationException": "System.SystemException",
    "System.NotSupportedException": "System.SystemException",
    "System.NotImplementedException": "System.SystemException",
    "System.NullReferenceException": "System.SystemException",
    "System.TimeoutException": "System.SystemException",
    "System.UnauthorizedAccessException": "System.SystemException",
    "System.Collections.Generic.KeyNotFoundException": "System.SystemException",
    "System.Text.RegularExpressions.RegexParseException": "System.ArgumentException",
    f"{_AUTOMATION}RuntimeException": "System.SystemException",
    f"{_AUTOMATION}PSInvalidCastException": "System.InvalidCastException",
    f"{_AUTOMATION}MethodException": f"{_AUTOMATION}ExtendedTypeSystemException",
    f"{_AUTOMATION}ExtendedTypeSystemException": f"{_AUTOMATION}RuntimeException",
    f"{_AUTOMATION}MethodInvocationException": f"{_AUTOMATION}MethodException",
    f"{_AUTOMATION}ParameterBindingException": f"{_AUTOMATION}RuntimeException",
    f"{_AUTOMATION}CommandNotFoundException": f"{_AUTOMATION}RuntimeException",
    f"{_AUTOMATION}WriteErrorException": f"{_AUTOMATION}RuntimeException",
}


def _is_a(kind: str, wanted: str) -> bool:
    while kind:
        if kind.lower() in {wanted, f"system.{wanted}"}:
            return True
        kind = _BASES.get(kind, "System.Exception" if kind != "System.Exception" else "")
    return False


def caught_by(exception: ExceptionValue, name: str) -> bool:
    """Whether ``catch [name]`` takes an exception, or the one that it wraps."""
    wanted = name.lower()
    found: ExceptionValue | None = exception
    while found is not None:
        if _is_a(found.type, wanted):
            return True
        found = found.inner
    return False


def _new(_: Session, target: object, arguments: object) -> object:
    given = list(arguments) if isinstance(arguments, list | tuple) else []
    name = target.name if isinstance(target, TypeRef) else "System.Exception"
    inner = given[1] if len(given) > 1 and isinstance(given[1], ExceptionValue) else None
    message = text(given[0]) if given else f"Exception of type '{name}' was thrown."
    return ExceptionValue(name, message, inner)


def _bases(name: str) -> tuple[str, ...]:
    bases = []
    while base := _BASES[name]:
        bases.append(base)
        name = base
    return tuple(bases)


EXCEPTIONS: tuple[TypeSpec, ...] = tuple(
    TypeSpec(
        name=name,
        aliases=(name.rpartition(".")[2],),
        bases=_bases(name),
        properties={
            "Message": lambda value: value.message,
            "InnerException": lambda value: value.inner,
            "HResult": lambda _: -2146233088,
            "Data": lambda _: None,
            "StackTrace": lambda _: None,
            "Source": lambda _: None,
        }
        if name == "System.Exception"
        else {},
        new=_new,
    )
    for name in _BASES
)
