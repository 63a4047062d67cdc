"""The HTTP application: routes behind the gate, behind the path rewriter."""

from typing import Any

import msgspec
import structlog
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.types import ASGIApp

from certloom import __version__
from certloom.api.answers import JSON
from certloom.api.audit import AuditController
from certloom.api.authorities import AuthoritiesController
from certloom.api.catalogue import CatalogueController
from certloom.api.certificates import CertificatesController
from certloom.api.claims import ClaimsController, ProvidersController
from certloom.api.definition_findings import DefinitionFindingsController
from certloom.api.definitions import DefinitionsController
from certloom.api.documentation import DocumentationController
from certloom.api.enrollment import EnrollmentController
from certloom.api.expiration_alerts import ExpirationAlertsController
from certloom.api.explanation import ExplanationController
from certloom.api.first_administrator import FirstAdministratorController
from certloom.api.gate import Gate
from certloom.api.identities import (
    IdentitiesController,
    MyAccessController,
    PermissionsController,
    PermissionSetsController,
)
from certloom.api.instances import InstancesController
from certloom.api.login import LoginController
from certloom.api.metadata_fields import MetadataFieldsController
from certloom.api.paths import API_BASE, PathRewriter
from certloom.api.problems import REFUSED_FOR, Problem, problem
from certloom.api.revocation_information import RevocationInformationController
from certloom.api.roles import RolesController
from certloom.api.scripts import ScriptsController
from certloom.api.status import ProbesController, StatusController
from certloom.api.templates import TemplatesController
from certloom.api.users import TokensController, UsersController
from certloom.clock import uuid7
from certloom.errors import CertloomError
from certloom.operations.authentication import Authenticator
from certloom.operations.services import Services

__all__ = ["CONTROLLERS", "application", "routes"]

CONTROLLERS = (
    InstancesController,
    DefinitionsController,
    CatalogueController,
    ExpirationAlertsController,
    DefinitionFindingsController,
    ExplanationController,
    EnrollmentController,
    CertificatesController,
    AuthoritiesController,
    TemplatesController,
    RolesController,
    ClaimsController,
    IdentitiesController,
    MyAccessController,
    PermissionSetsController,
    PermissionsController,
    ProvidersController,
    MetadataFieldsController,
    UsersController,
    TokensController,
    AuditController,
    ScriptsController,
    StatusController,
    ProbesController,
    DocumentationController,
    FirstAdministratorController,
    LoginController,
    RevocationInformationController,
)
_log = structlog.get_logger("certloom.http")


def routes(max_body_bytes: int) -> Litestar:
    """The routes alone, without gate and paths."""
    # Litestar adds pages of its own to what it describes, with scripts from elsewhere; what is served has none.
    described = Litestar(
        route_handlers=list(CONTROLLERS),
        openapi_config=OpenAPIConfig(title="certloom", version=__version__),
        logging_config=None,
    )
    return Litestar(
        route_handlers=list(CONTROLLERS),
        openapi_config=None,
        state=State({"described": described}),
        exception_handlers={Exception: _render},
        request_max_body_size=max_body_bytes,
        middleware=[],
        logging_config=None,
    )


def application(services: Services, authenticator: Authenticator) -> ASGIApp:
    """What the server runs."""
    litestar = routes(services.settings.max_body_bytes)
    templates = [
        route.path_format.removeprefix(API_BASE) for route in litestar.routes if route.path_format.startswith(API_BASE)
    ]
    gate = Gate(litestar, services, authenticator)
    return PathRewriter(gate, services.settings.base_paths, templates)


def _render(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    reference = str(uuid7(request.scope["state"]["services"].clock()))
    headers: dict[str, str] = {}
    if isinstance(error, HTTPException):
        status, body = _http(error)
        headers = error.headers or {}
    else:
        status, body = problem(error, reference)
        request.scope["state"][REFUSED_FOR] = error
        if not isinstance(error, CertloomError):
            _log.error("request failed unexpectedly", reference=reference, exc_info=error)
    return Response(msgspec.json.encode(body), status_code=status, media_type=JSON, headers=headers)


_HTTP = {
    404: "There is nothing at this address. /docs lists what there is.",
    405: "This address does not take this method. /docs lists what it takes.",
    413: "The body is too large for this server (setting max_body_bytes).",
}


def _http(error: HTTPException) -> tuple[int, Problem]:
    message = _HTTP.get(error.status_code, "The request could not be read. /docs says how it must look.")
    return error.status_code, Problem("0xA0110002" if error.status_code == 404 else "0xA0110008", message)  # noqa: PLR2004 - not found
