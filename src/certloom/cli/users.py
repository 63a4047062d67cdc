"""certloom user: accounts."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from certloom.cli.options import Options, opened, operator, print_json, print_rows
from certloom.errors import Invalid
from certloom.operations.accounts import accounts, assign_role, change_password, create_account

__all__ = ["users"]

users = App(
    name="user",
    help="""Accounts.

    Example: certloom user create 'CORP\\alice' --role Approvers
    """,
)


class PasswordMissing(Invalid):
    """No password was given."""


@users.command
async def create(
    name: str,
    *,
    role: Annotated[list[str] | None, Parameter(negative="", help="A role to give; may be repeated.")] = None,
    password_file: Annotated[Path | None, Parameter(help="Read the password from this file, or - for input.")] = None,
    options: Options = Options(),  # noqa: B008 - immutable
) -> None:
    """Create an account, as domain and user or user alone. The password is asked for, or read from a file."""
    password = _password(password_file)
    async with opened(options) as certloom:
        row = await create_account(certloom.services, operator(), name, password)
        for one in role or ():
            await assign_role(certloom.services, operator(), one, row.display)
    if options.json:
        print_json({"name": row.display, "roles": role or []})
    else:
        print(f"Created {row.display}" + (f" with {', '.join(role)}." if role else "."))


@users.command(name="list")
async def list_users(*, options: Options = Options()) -> None:  # noqa: B008 - immutable
    """Show every account with its roles."""
    async with opened(options) as certloom:
        found = await accounts(certloom.services, operator())
    rows = [(view.row.display, ", ".join(view.roles), "disabled" if view.row.disabled else "active") for view in found]
    print_rows(options, ("name", "roles", "state"), rows)


@users.command
async def passwd(
    name: str,
    *,
    password_file: Annotated[Path | None, Parameter(help="Read the password from this file, or - for input.")] = None,
    options: Options = Options(),  # noqa: B008 - immutable
) -> None:
    """Set an account's password; also when nobody can log in any more."""
    password = _password(password_file)
    async with opened(options) as certloom:
        await change_password(certloom.services, operator(), name, password)
    if options.json:
        print_json({"name": name, "changed": True})
    else:
        print("Changed.")


def _password(file: Path | None) -> str:
    if file is not None:
        text = sys.stdin.readline() if str(file) == "-" else file.read_text(encoding="utf-8")
        return text.rstrip("\r\n")
    if not sys.stdin.isatty():
        raise PasswordMissing("There is no terminal to ask for the password. Use --password-file FILE, or - for input.")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise PasswordMissing("The two passwords differ. Nothing was changed.")
    return password
