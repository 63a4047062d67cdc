"""All commands, written out, by name and alias in lower case."""

from certloom.scripting.powershell.cmdlets.catalogue import get_command
from certloom.scripting.powershell.cmdlets.grouping import GROUPING
from certloom.scripting.powershell.cmdlets.html_text import HTML
from certloom.scripting.powershell.cmdlets.iterating import ITERATING
from certloom.scripting.powershell.cmdlets.json_text import JSON
from certloom.scripting.powershell.cmdlets.making import MAKING
from certloom.scripting.powershell.cmdlets.members import MEMBERS
from certloom.scripting.powershell.cmdlets.selecting import SELECTING
from certloom.scripting.powershell.cmdlets.sorting import SORTING
from certloom.scripting.powershell.cmdlets.spec import Cmdlet
from certloom.scripting.powershell.cmdlets.tables_text import TABLES
from certloom.scripting.powershell.cmdlets.writing import WRITING
from certloom.scripting.powershell.cmdlets.xml_text import XML_TEXT

__all__ = ["CMDLETS", "COMMANDS"]

_WORKING: tuple[Cmdlet, ...] = (
    *ITERATING,
    *SELECTING,
    *SORTING,
    *GROUPING,
    *JSON,
    *TABLES,
    *HTML,
    *XML_TEXT,
    *WRITING,
    *MAKING,
    *MEMBERS,
)
CMDLETS: tuple[Cmdlet, ...] = (*_WORKING, get_command(_WORKING))

COMMANDS: dict[str, Cmdlet] = {name.lower(): cmdlet for cmdlet in CMDLETS for name in (cmdlet.name, *cmdlet.aliases)}
