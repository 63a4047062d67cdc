"""certloom user: accounts."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from certloom.cli.options import Options, opened, operator, print_json, print_rows
from certloom.errors import Invalid
from certloom.operations.accounts import accounts, change_password, create_account

__all__ = ["users"]

PasswordFile = Annotated[
    Path | None,
    Parameter(allow_leading_hyphen=True, help="Read the password from this file, or - for standard input."),
]

users = App(
    name="user",
    help="""Accounts.

    Example: certloom user create 'CORP\alice' --role Approvers
    """,
)


class PasswordMissing(Invalid):
    """No password was given."""


class PasswordUnreadable(Invalid):
    """The file with the password is missing, or holds no text."""


@users.command
async def create(
    name: str,
    *,
    role: Annotated[list[str] | None, Parameter(negative="", help="A role to give; may be repeated.")] = None,
    password_file: PasswordFile = None,
    options: Options = Options(),  # noqa: B008 - immutable
) -> None:
    r"""Create an account, as domain and user or user alone. The password is asked for, or read from a file.

    Example: certloom user create 'CORP\alice' --role Approvers
    """
    password = _password(password_file)
    async with opened(options) as certloom:
        row = await create_account(certloom.services, operator(), name, password, role or ())
    if options.json:
        print_json({"name": row.display, "roles": role or []})
    else:
        print(f"Created {row.display}" + (f" with {', '.join(role)}." if role else "."))


@users.command(name="list")
async def list_users(*, options: Options = Options()) -> None:  # noqa: B008 - immutable
    """Show every account with its roles.

    Example: certloom user list
    """
    async with opened(options) as certloom:
        found = await accounts(certloom.services, operator())
    rows = [(view.row.display, view.roles, "disabled" if view.row.disabled else "active") for view in found]
    print_rows(options, ("name", "roles", "state"), rows)


@users.command
async def passwd(
    name: str,
    *,
    password_file: PasswordFile = None,
    options: Options = Options(),  # noqa: B008 - immutable
) -> None:
    """Set an account's password; also when nobody can log in any more.

    Example: certloom user passwd admin --password-file -
    """
    password = _password(password_file)
    async with opened(options) as certloom:
        await change_password(certloom.services, operator(), name, password)
    if options.json:
        print_json({"name": name, "changed": True})
    else:
        print("Changed.")


def _password(file: Path | None) -> str:
    if file is not None:
        return _password_in(file)
    if not sys.stdin.isatty():
        raise PasswordMissing("There is no terminal to ask for the password. Use --password-file FILE, or - for input.")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise PasswordMissing("The two passwords differ. Nothing was changed.")
    return password


def _password_in(file: Path) -> str:
    """The password in a file or, for ``-``, on the first line of standard input. Raises PasswordUnreadable."""
    try:
        content = sys.stdin.buffer.readline() if str(file) == "-" else file.read_bytes()
        return content.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        # The error's own text would show bytes of the password.
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise PasswordUnreadable(f"The password cannot be read from {file}: {reason}. Correct that.") from None
