"""Get-Command: what scripts may call."""

from certloom.scripting.powershell.cmdlets.spec import ANY, Call, Cmdlet, Parameter, collecting
from certloom.scripting.powershell.operators.matching import like
from certloom.scripting.powershell.runtime.session import Emit
from certloom.scripting.powershell.values.collections import PSObject
from certloom.scripting.powershell.values.conversion import items_of
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.text import text

__all__ = ["get_command"]


def get_command(cmdlets: tuple[Cmdlet, ...]) -> Cmdlet:
    """The command that lists the others and itself."""

    def work(call: Call, _: list[object], emit: Emit) -> None:
        wanted = [text(one) for one in items_of(call.get("Name"))] if call.has("Name") else ["*"]
        for pattern in wanted:
            names = [one for one in _names(cmdlets) if like(one, pattern, case_sensitive=False)]
            if not names and "*" not in pattern:
                raise failure(
                    f"The term '{pattern}' is not recognized as a name of a command of restricted PowerShell.",
                    "System.Management.Automation.CommandNotFoundException",
                )
            for name in names:
                emit(_described(name))

    return Cmdlet("Get-Command", collecting(work), (Parameter("Name", ANY, 0),), ("gcm",))


def _names(cmdlets: tuple[Cmdlet, ...]) -> list[str]:
    return sorted([*(cmdlet.name for cmdlet in cmdlets), "Get-Command"])


def _described(name: str) -> PSObject:
    made = PSObject()
    made.add("CommandType", "Cmdlet")
    made.add("Name", name)
    return made
