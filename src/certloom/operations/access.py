"""Who may do what: one table, asked inside every operation."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from certloom.errors import Forbidden
from certloom.identity import permission
from certloom.identity.actor import Actor

__all__ = ["ACCESS", "Operation", "PermissionMissing", "Scope", "instance_scopes", "require"]


class Operation(StrEnum):
    """Everything that can be done, as the audit log names it."""

    LIST_DEFINITIONS = "list definitions"
    READ_DEFINITION = "read definition"
    CREATE_DEFINITION = "create definition"
    UPDATE_DEFINITION = "update definition"
    SAVE_STEPS = "save steps"
    PUBLISH_DEFINITION = "publish definition"
    DELETE_DEFINITION = "delete definition"
    ENABLE_DEFINITION = "enable definition"
    CHECK_DEFINITION = "check definition"
    LIST_STEP_TYPES = "list step types"
    READ_STEP_TYPE = "read step type"
    LIST_WORKFLOW_TYPES = "list workflow types"
    LIST_EXPIRATION_ALERTS = "list expiration alerts"
    CREATE_EXPIRATION_ALERT = "create expiration alert"
    LIST_INSTANCES = "list instances"
    LIST_MY_INSTANCES = "list my instances"
    LIST_ASSIGNED_INSTANCES = "list assigned instances"
    READ_INSTANCE = "read instance"
    RUN_INSTANCE = "run instance"
    STOP_INSTANCE = "stop instance"
    RESTART_INSTANCE = "restart instance"
    RETRY_INSTANCE = "retry instance"
    DELETE_INSTANCE = "delete instance"
    SIGNAL_INSTANCE = "signal instance"
    ENROLL_CSR = "enroll"
    ENROLL_PFX = "enroll with key"
    COLLECT_KEY = "collect private key"
    RECOVER_KEY = "recover private key"
    READ_CERTIFICATE = "read certificate"
    DOWNLOAD_CERTIFICATE = "download certificate"
    REVOKE_CERTIFICATE = "revoke certificate"
    START_EXPIRATION = "start expiration"
    LIST_SCRIPTS = "list scripts"
    READ_SCRIPT = "read script"
    CREATE_SCRIPT = "create script"
    UPDATE_SCRIPT = "update script"
    DELETE_SCRIPT = "delete script"
    LIST_TEMPLATES = "list templates"
    APPLY_TEMPLATE = "apply template"
    LIST_AUTHORITIES = "list authorities"
    CREATE_AUTHORITY = "create authority"
    PUBLISH_CRL = "publish CRL"
    APPOINT_RESPONDER = "appoint OCSP responder"
    LIST_ROLES = "list roles"
    CREATE_ROLE = "create role"
    UPDATE_ROLE = "update role"
    DELETE_ROLE = "delete role"
    ASSIGN_ROLE = "assign role"
    LIST_CLAIMS = "list claims"
    CREATE_CLAIM = "create claim"
    UPDATE_CLAIM = "update claim"
    DELETE_CLAIM = "delete claim"
    LIST_PERMISSIONS = "list permissions"
    LIST_PERMISSION_SETS = "list permission sets"
    CREATE_PERMISSION_SET = "create permission set"
    UPDATE_PERMISSION_SET = "update permission set"
    DELETE_PERMISSION_SET = "delete permission set"
    LIST_PROVIDERS = "list identity providers"
    READ_MY_ACCESS = "read my access"
    LIST_ACCOUNTS = "list accounts"
    CREATE_ACCOUNT = "create account"
    UPDATE_ACCOUNT = "update account"
    CHANGE_OWN_PASSWORD = "change own password"  # noqa: S105 - the name of an operation
    CHANGE_PASSWORD = "change password"  # noqa: S105 - the name of an operation
    LIST_TOKENS = "list tokens"
    LIST_ALL_TOKENS = "list all tokens"
    CREATE_TOKEN = "create token"  # noqa: S105 - the name of an operation
    REVOKE_TOKEN = "revoke token"  # noqa: S105 - the name of an operation
    READ_AUDIT = "read audit log"
    DOWNLOAD_AUDIT = "download audit log"
    AUTHENTICATE = "authenticate"
    SEND_MAIL = "send mail"
    LIST_METADATA_FIELDS = "list metadata fields"
    READ_METADATA_FIELD = "read metadata field"
    CREATE_METADATA_FIELD = "create metadata field"
    CHANGE_METADATA_FIELD = "change metadata field"
    DELETE_METADATA_FIELD = "delete metadata field"
    NOTE_METADATA = "note metadata"
    STATUS = "status"


class PermissionMissing(Forbidden):
    """The caller holds none of the permissions an operation asks for, or may not do it to this thing."""

    def __init__(self, message: str, operation: Operation) -> None:
        super().__init__(message)
        self.operation = operation


_SIGNED_IN: Final[tuple[str, ...]] = ()
"""Every authenticated caller may; the operation itself narrows it further."""

ACCESS: Mapping[Operation, tuple[str, ...]] = {
    Operation.LIST_DEFINITIONS: (permission.READ_DEFINITIONS,),
    Operation.READ_DEFINITION: (permission.READ_DEFINITIONS,),
    Operation.CREATE_DEFINITION: (permission.MODIFY_DEFINITIONS,),
    Operation.UPDATE_DEFINITION: (permission.MODIFY_DEFINITIONS,),
    Operation.SAVE_STEPS: (permission.MODIFY_DEFINITIONS,),
    Operation.PUBLISH_DEFINITION: (permission.MODIFY_DEFINITIONS,),
    Operation.DELETE_DEFINITION: (permission.MODIFY_DEFINITIONS,),
    Operation.ENABLE_DEFINITION: (permission.MODIFY_DEFINITIONS,),
    Operation.CHECK_DEFINITION: (permission.READ_DEFINITIONS,),
    Operation.LIST_STEP_TYPES: (permission.READ_DEFINITIONS,),
    Operation.READ_STEP_TYPE: (permission.READ_DEFINITIONS,),
    Operation.LIST_WORKFLOW_TYPES: (permission.READ_DEFINITIONS,),
    Operation.LIST_EXPIRATION_ALERTS: (permission.READ_ALERTS,),
    Operation.CREATE_EXPIRATION_ALERT: (permission.MODIFY_ALERTS,),
    Operation.LIST_INSTANCES: (permission.READ_INSTANCES,),
    Operation.LIST_MY_INSTANCES: (permission.READ_INSTANCES, permission.READ_MY_INSTANCES),
    Operation.LIST_ASSIGNED_INSTANCES: (permission.READ_INSTANCES, permission.READ_PENDING_INSTANCES),
    Operation.READ_INSTANCE: (
        permission.READ_INSTANCES,
        permission.READ_MY_INSTANCES,
        permission.READ_PENDING_INSTANCES,
    ),
    Operation.RUN_INSTANCE: (permission.ADMINISTER,),
    Operation.STOP_INSTANCE: (permission.MANAGE_INSTANCES,),
    Operation.RESTART_INSTANCE: (permission.MANAGE_INSTANCES,),
    Operation.RETRY_INSTANCE: (permission.MANAGE_INSTANCES,),
    Operation.DELETE_INSTANCE: (permission.MANAGE_INSTANCES,),
    Operation.SIGNAL_INSTANCE: _SIGNED_IN,
    Operation.ENROLL_CSR: (permission.ENROLL_CSR,),
    Operation.ENROLL_PFX: (permission.ENROLL_PFX,),
    Operation.COLLECT_KEY: (permission.ENROLL_PFX,),
    Operation.RECOVER_KEY: (permission.READ_PRIVATE_KEYS,),
    Operation.READ_CERTIFICATE: (permission.READ_CERTIFICATES,),
    Operation.DOWNLOAD_CERTIFICATE: (permission.READ_CERTIFICATES,),
    Operation.REVOKE_CERTIFICATE: (permission.REVOKE_CERTIFICATES,),
    Operation.START_EXPIRATION: (permission.ADMINISTER,),
    Operation.LIST_SCRIPTS: (permission.READ_SCRIPTS,),
    Operation.READ_SCRIPT: (permission.READ_SCRIPTS,),
    Operation.CREATE_SCRIPT: (permission.MODIFY_SCRIPTS,),
    Operation.UPDATE_SCRIPT: (permission.MODIFY_SCRIPTS,),
    Operation.DELETE_SCRIPT: (permission.MODIFY_SCRIPTS,),
    Operation.LIST_TEMPLATES: (permission.READ_TEMPLATES,),
    Operation.APPLY_TEMPLATE: (permission.MODIFY_TEMPLATES,),
    Operation.LIST_AUTHORITIES: (permission.READ_AUTHORITIES,),
    Operation.CREATE_AUTHORITY: (permission.MODIFY_AUTHORITIES,),
    Operation.PUBLISH_CRL: (permission.MODIFY_AUTHORITIES,),
    Operation.APPOINT_RESPONDER: (permission.ADMINISTER,),
    Operation.LIST_ROLES: (permission.READ_ROLES,),
    Operation.CREATE_ROLE: (permission.MODIFY_ROLES,),
    Operation.UPDATE_ROLE: (permission.MODIFY_ROLES,),
    Operation.DELETE_ROLE: (permission.MODIFY_ROLES,),
    Operation.LIST_CLAIMS: (permission.READ_ROLES,),
    Operation.CREATE_CLAIM: (permission.MODIFY_ROLES,),
    Operation.UPDATE_CLAIM: (permission.MODIFY_ROLES,),
    Operation.DELETE_CLAIM: (permission.MODIFY_ROLES,),
    Operation.LIST_PERMISSIONS: (permission.READ_ROLES,),
    Operation.LIST_PERMISSION_SETS: (permission.READ_ROLES,),
    Operation.CREATE_PERMISSION_SET: (permission.MODIFY_ROLES,),
    Operation.UPDATE_PERMISSION_SET: (permission.MODIFY_ROLES,),
    Operation.DELETE_PERMISSION_SET: (permission.MODIFY_ROLES,),
    Operation.LIST_PROVIDERS: (permission.READ_PROVIDERS,),
    Operation.READ_MY_ACCESS: _SIGNED_IN,
    Operation.ASSIGN_ROLE: (permission.MODIFY_ROLES,),
    Operation.LIST_ACCOUNTS: (permission.READ_ROLES,),
    Operation.CREATE_ACCOUNT: (permission.MODIFY_ROLES,),
    Operation.UPDATE_ACCOUNT: (permission.MODIFY_ROLES,),
    Operation.CHANGE_OWN_PASSWORD: _SIGNED_IN,
    Operation.CHANGE_PASSWORD: (permission.MODIFY_ROLES,),
    Operation.LIST_TOKENS: _SIGNED_IN,
    Operation.LIST_ALL_TOKENS: (permission.READ_ROLES,),
    Operation.CREATE_TOKEN: _SIGNED_IN,
    Operation.REVOKE_TOKEN: _SIGNED_IN,
    Operation.READ_AUDIT: (permission.READ_AUDIT,),
    Operation.DOWNLOAD_AUDIT: (permission.READ_AUDIT,),
    Operation.AUTHENTICATE: _SIGNED_IN,
    Operation.SEND_MAIL: (permission.ADMINISTER,),
    Operation.LIST_METADATA_FIELDS: (permission.READ_METADATA_TYPES,),
    Operation.READ_METADATA_FIELD: (permission.READ_METADATA_TYPES,),
    Operation.CREATE_METADATA_FIELD: (permission.MODIFY_METADATA_TYPES,),
    Operation.CHANGE_METADATA_FIELD: (permission.MODIFY_METADATA_TYPES,),
    Operation.DELETE_METADATA_FIELD: (permission.MODIFY_METADATA_TYPES,),
    Operation.NOTE_METADATA: (permission.MODIFY_CERTIFICATE_METADATA,),
    Operation.STATUS: _SIGNED_IN,
}


class Scope(StrEnum):
    """How much of the instances a caller may read. A caller's reach is the union of their scopes."""

    ALL = "all"
    MINE = "mine"
    PENDING = "pending"


def require(actor: Actor, operation: Operation) -> None:
    """Raises PermissionMissing unless the actor holds one of the operation's permissions."""
    needed = ACCESS[operation]
    if needed and not any(actor.may(one) for one in needed):
        raise PermissionMissing(
            f"User {actor.display} does not have any of the required permissions: {', '.join(needed)}. "
            "Ask an administrator for a role that holds one of them.",
            operation,
        )


def instance_scopes(actor: Actor) -> frozenset[Scope]:
    """What the actor may read. Raises PermissionMissing when that is nothing at all."""
    require(actor, Operation.READ_INSTANCE)
    if actor.may(permission.READ_INSTANCES):
        return frozenset({Scope.ALL})
    held = {
        Scope.MINE: actor.may(permission.READ_MY_INSTANCES),
        Scope.PENDING: actor.may(permission.READ_PENDING_INSTANCES),
    }
    return frozenset(scope for scope, may in held.items() if may)
