"""The demo's sample data: three people and an administrator, their roles, and a template."""

import secrets
from dataclasses import dataclass, field

from certloom.app import Certloom
from certloom.identity.actor import system_actor
from certloom.identity.permission import (
    ENROLL_CSR,
    READ_CERTIFICATES,
    READ_MY_INSTANCES,
    READ_PENDING_INSTANCES,
    READ_TEMPLATES,
    REVOKE_CERTIFICATES,
)
from certloom.operations.accounts import accounts, change_password, create_account
from certloom.operations.roles import ADMINISTRATORS, create_role, roles
from certloom.operations.templates import apply_template
from certloom.pki.template import Template

__all__ = ["APPROVERS", "SamplePerson", "install_sample"]

APPROVERS = "Approvers"
REQUESTERS = "Requesters"
_MAY_REQUEST = (ENROLL_CSR, READ_MY_INSTANCES, READ_PENDING_INSTANCES, READ_CERTIFICATES, READ_TEMPLATES)
_PEOPLE = (
    ("CORP\\admin", (ADMINISTRATORS,), "administers, but may not approve"),
    ("CORP\\alice", (REQUESTERS, APPROVERS), "asks for certificates; an approver, too"),
    ("CORP\\bob", (REQUESTERS, APPROVERS), "approves"),
    ("CORP\\carol", (REQUESTERS,), "no approver"),
)


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """A person of the demo with a password made for this run."""

    name: str
    password: str = field(repr=False)
    what: str


async def install_sample(certloom: Certloom) -> tuple[SamplePerson, ...]:
    """Create what is missing of the sample data, and give everybody in it a new password."""
    services, system = certloom.services, system_actor("demo")
    known_roles = {role.name for role, _ in await roles(services, system)}
    if REQUESTERS not in known_roles:
        await create_role(services, system, REQUESTERS, (*_MAY_REQUEST, REVOKE_CERTIFICATES), "Ask for certificates.")
    if APPROVERS not in known_roles:
        await create_role(services, system, APPROVERS, (), "Decide on requests.")
    for template in _templates():
        await apply_template(services, system, template)
    known = {view.row.display for view in await accounts(services, system)}
    return tuple([await _person(certloom, name, held, what, known) for name, held, what in _PEOPLE])


async def _person(certloom: Certloom, name: str, held: tuple[str, ...], what: str, known: set[str]) -> SamplePerson:
    services, system = certloom.services, system_actor("demo")
    password = secrets.token_urlsafe(12)
    if name in known:
        await change_password(services, system, name, password)
    else:
        await create_account(services, system, name, password, held)
    return SamplePerson(name, password, what)


def _templates() -> tuple[Template, Template]:
    return (
        Template(
            id=0,
            name="WebServer",
            display_name="Web server",
            validity_days=90,
            san_rules={"dns": r"[a-z0-9.-]+\.corp\.example"},
        ),
        Template(
            id=0,
            name="TestServer",
            display_name="Test server, issued at once",
            validity_days=7,
            san_rules={"dns": r"[a-z0-9.-]+\.test\.example"},
        ),
    )
