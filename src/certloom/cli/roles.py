"""certloom role: named sets of permissions."""

from typing import Annotated

from cyclopts import App, Parameter

from certloom.cli.options import Options, opened, operator, print_json, print_rows
from certloom.operations.roles import assign_role, create_role
from certloom.operations.roles import roles as all_roles

__all__ = ["roles"]

roles = App(
    name="role",
    help="""Roles: named sets of permissions that accounts hold and approvals ask for.

    Example: certloom role create Approvers --permission /workflows/instances/read/pending/
    """,
)


@roles.command
async def create(
    name: str,
    *,
    permission: Annotated[list[str] | None, Parameter(negative="", help="An access string; may be repeated.")] = None,
    description: Annotated[str, Parameter(show_default=False, help="What its holders do.")] = "",
    options: Options = Options(),  # noqa: B008 - immutable
) -> None:
    """Create a role with its permissions, in the new or the old spelling.

    Example: certloom role create Requesters --permission /certificates/enrollment/csr/
    """
    async with opened(options) as certloom:
        role = await create_role(certloom.services, operator(), name, permission or [], description)
    if options.json:
        print_json({"id": role.id, "name": role.name, "permissions": role.permissions})
    else:
        print(f"Created role {role.name} (id {role.id}) with {', '.join(role.permissions) or 'no permissions'}.")


@roles.command(name="list")
async def list_roles(*, options: Options = Options()) -> None:  # noqa: B008 - immutable
    """Show every role with its permissions and holders.

    Example: certloom role list
    """
    async with opened(options) as certloom:
        found = await all_roles(certloom.services, operator())
    rows = [(role.id, role.name, role.permissions, tuple(row.display for row in holders)) for role, holders in found]
    print_rows(options, ("id", "name", "permissions", "held by"), rows)


@roles.command
async def assign(
    role: str,
    account: str,
    *,
    remove: Annotated[bool, Parameter(negative="", show_default=False, help="Take the role away instead.")] = False,
    options: Options = Options(),  # noqa: B008 - immutable
) -> None:
    r"""Give a role to an account, or take it away. Votes already cast stop counting with it.

    Example: certloom role assign Approvers 'CORP\bob'
    """
    async with opened(options) as certloom:
        await assign_role(certloom.services, operator(), role, account, remove=remove)
    if options.json:
        print_json({"role": role, "account": account, "assigned": not remove})
    else:
        print("Taken away." if remove else "Assigned.")
