"""The program ``certloom``: its commands, and how it ends."""

import sys

from cyclopts import App, CycloptsError
from rich.console import Console

from certloom import __version__
from certloom.cli import audit, authorities, definitions, demo, doctor, roles, scripts, serve, templates, users
from certloom.errors import CertloomError

__all__ = ["program", "run"]

program = App(
    name="certloom",
    version=__version__,
    help="""Event-driven certificate workflows.

    Try it: certloom demo

    Run it: certloom serve

    Exit codes: 0 done, 1 refused or failed (the message says why and what to do), 2 wrong usage.
    """,
)
program.command(serve.serve)
program.command(demo.demo)
program.command(users.users)
program.command(roles.roles)
program.command(templates.templates)
program.command(authorities.authorities)
program.command(definitions.definitions)
program.command(doctor.doctor)
program.command(audit.audit)
program.command(scripts.scripts)


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit code. Known errors are printed without a trace."""
    try:
        program(arguments, exit_on_error=False, print_error=True, result_action="return_value")
    except CycloptsError:
        return 2
    except CertloomError as error:
        return _refused(error.message)
    except OSError as error:
        return _refused(f"{error}. Check that it exists, that you may use it, and that there is room.")
    except KeyboardInterrupt:
        return 130
    except SystemExit as end:
        return int(end.code or 0)
    sys.stdout.flush()
    return 0


def _refused(message: str) -> int:
    Console(stderr=True).print(
        f"certloom: {message}", style="red", markup=False, highlight=False, emoji=False, soft_wrap=True
    )
    return 1
