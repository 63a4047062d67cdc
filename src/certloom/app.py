"""The composition root: the only file that knows all parts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from certloom.authorities.embedded.authority import EmbeddedAuthority
from certloom.authorities.embedded.ceremony import create_issuing, create_root
from certloom.authorities.embedded.crl_signer import EmbeddedCrlSigner
from certloom.authorities.embedded.lint import Linter
from certloom.clock import Clock, system_clock
from certloom.dispatch.in_process import InProcessDispatcher
from certloom.identity.actor import system_actor
from certloom.identity.lockout import Lockout
from certloom.identity.password import PasswordHasher
from certloom.identity.verified import VerifiedCredentials
from certloom.operations.authentication import Authenticator
from certloom.operations.authorities import NewAuthority, authorities, keep_authorities, open_key
from certloom.operations.checkpoints import sign_checkpoint
from certloom.operations.installation import complete_installation
from certloom.operations.key_stock import KeyStock
from certloom.operations.openid_provider import configured_provider
from certloom.operations.services import Services
from certloom.outbound.guard import read_allowed
from certloom.outbound.mail import MailServer, SmtpMailbox
from certloom.outbound.network import Network, SystemNetwork
from certloom.outbound.step_http import StepHttp
from certloom.outbound.trust import trust_context
from certloom.pki.addresses import addresses_below, file_names, revocation_url
from certloom.scripting.pwsh.interpreter import configured_pwsh
from certloom.scripting.python.scripts import PythonScripts
from certloom.settings import Settings
from certloom.steps.custom_powershell import CustomPowerShellStep
from certloom.steps.email import Email
from certloom.steps.enroll import EnrollStep
from certloom.steps.noop import NoopStep
from certloom.steps.oauth_rest_request import OAuthRestRequest
from certloom.steps.powershell import PowerShellStep
from certloom.steps.python import PythonStep
from certloom.steps.require_approval import RequireApproval
from certloom.steps.rest_request import RestRequest
from certloom.steps.revoke import RevokeStep
from certloom.steps.update_metadata import UpdateMetadata
from certloom.steps.update_subject_sans import UpdateSubjectSans
from certloom.store.change import Change
from certloom.store.data_folder import DataFolder
from certloom.store.database import Database
from certloom.store.instances import runnable
from certloom.store.meta import MetaRow, read_meta
from certloom.store.rows import Put
from certloom.store.schema import upgrade
from certloom.store.sealing import KeyFileUnusable, Seal, read_or_create_key_file
from certloom.store.sqlite import SqliteDatabase
from certloom.worker.loop import Worker
from certloom.worker.outbox import Outbox
from certloom.worker.responders import Responders
from certloom.worker.revocation_lists import RevocationLists
from certloom.worker.stocking import Stocking
from certloom.worker.timetable import Timetable
from certloom.workflow.step import StepType
from certloom.workflow.step_extensions import Extensions, read_extensions
from certloom.workflow.workflow_type import WorkflowType
from certloom.workflow_types.enrollment import Enrollment
from certloom.workflow_types.expiration import Expiration
from certloom.workflow_types.revocation import Revocation

__all__ = ["STEP_TYPES", "WORKFLOW_TYPES", "Certloom", "installation", "running"]

STEP_TYPES: tuple[StepType, ...] = (
    NoopStep(),
    RequireApproval(),
    PowerShellStep(),
    PythonStep(PythonScripts()),
    CustomPowerShellStep(),
    Email(),
    RestRequest(),
    OAuthRestRequest(),
    EnrollStep(),
    RevokeStep(),
    UpdateMetadata(),
    UpdateSubjectSans(),
)
WORKFLOW_TYPES: tuple[WorkflowType, ...] = (Enrollment(), Revocation(), Expiration())

ROOT_AUTHORITY = "certloom Root CA"
ISSUING_AUTHORITY = "certloom Issuing CA"
_STOP_WITHIN = 10.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Certloom:
    """An opened installation: what the API and the command line are handed."""

    services: Services
    authenticator: Authenticator
    dispatcher: InProcessDispatcher
    linter: Linter
    folder: DataFolder
    python: PythonScripts
    extensions: Extensions


@asynccontextmanager
async def installation(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    hasher: PasswordHasher | None = None,
    network: Network | None = None,
) -> AsyncIterator[Certloom]:
    """Open the data folder, creating it at the first start: schema, keys, authorities, built-in definitions.

    ``network`` is the way out for steps. It is no setting: whoever chooses it decides what the address guard sees.

    Raises SchemaTooNew, KeyFileUnusable, DataFolderUnusable, AllowedUnreadable, TrustUnreadable; nothing is changed
    then.
    """
    outgoing = _outgoing(settings, clock, network or SystemNetwork())
    folder = DataFolder(Path(settings.data_folder))
    folder.create()
    with folder.opening():
        certloom = await _opened(folder, settings, clock, hasher or PasswordHasher(), outgoing)
    try:
        yield certloom
    finally:
        await asyncio.to_thread(certloom.python.close)
        await certloom.services.expressions.close()
        if certloom.authenticator.provider is not None:
            await certloom.authenticator.provider.close()
        await certloom.services.database.close()


@asynccontextmanager
async def running(certloom: Certloom) -> AsyncIterator[None]:
    """Keep other servers out, take up what was left unfinished, and run instances until the end of the block."""
    worker = Worker(certloom.services, certloom.dispatcher)
    lists, responders = RevocationLists(certloom.services), Responders(certloom.services)
    stocking = Stocking(certloom.services)
    duties = (worker, Timetable(certloom.services), Outbox(certloom.services), lists, responders, stocking)
    certloom.folder.lock()
    for broken in certloom.extensions.broken:
        _log.error("a step type of another package is left out", **msgspec.to_builtins(broken))
    try:
        await certloom.linter.start()
        await lists.publish_due()
        await responders.renew()
        certloom.dispatcher.wake(await runnable(certloom.services.database))
        tasks = [asyncio.create_task(duty.run()) for duty in duties]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await worker.drain(_STOP_WITHIN)
            await sign_checkpoint(certloom.services)
            await certloom.linter.close()
    finally:
        certloom.folder.unlock()


def _outgoing(settings: Settings, clock: Clock, network: Network) -> tuple[StepHttp, SmtpMailbox]:
    """What steps send with."""
    trust = trust_context(settings.outbound_trust)
    server = MailServer(
        host=settings.mail_host,
        port=settings.mail_port,
        tls=settings.mail_tls,
        sender=settings.mail_sender,
        user=settings.mail_user,
        password=settings.mail_password,
    )
    return StepHttp(network, read_allowed(settings.outbound_allow), trust), SmtpMailbox(server, trust, clock)


async def _opened(
    folder: DataFolder,
    settings: Settings,
    clock: Clock,
    hasher: PasswordHasher,
    outgoing: tuple[StepHttp, SmtpMailbox],
) -> Certloom:
    seal = read_or_create_key_file(folder.key_file, may_create=not folder.is_installed())
    await asyncio.to_thread(upgrade, folder.database)
    dispatcher, linter, python = InProcessDispatcher(), Linter(), PythonScripts()
    extensions = read_extensions(STEP_TYPES)
    # The declared step runs nothing; the processes of this one end with the installation.
    step_types = (*STEP_TYPES, PythonStep(python), *(one.step_type for one in extensions.loaded))
    database = SqliteDatabase(folder.database, dispatcher, settings.search_seconds)
    services = Services(
        database=database,
        dispatcher=dispatcher,
        clock=clock,
        settings=settings,
        seal=seal,
        hasher=hasher,
        pwsh=configured_pwsh(settings),
        step_types={step_type.extension_name: step_type for step_type in step_types},
        workflow_types={workflow_type.name: workflow_type for workflow_type in WORKFLOW_TYPES},
        http=outgoing[0],
        mail=outgoing[1],
        keys=KeyStock(settings.key_stock),
    )
    try:
        provider = configured_provider(settings, clock, trust_context(settings.outbound_trust))
        await _check_key(database, seal)
        await complete_installation(services, system_actor("start"))
        await _open_authorities(services, linter)
    except BaseException:
        await database.close()
        raise
    lockout = Lockout(settings.lockout_threshold, settings.lockout_window_seconds)
    verified = VerifiedCredentials(settings.credential_lifetime_seconds, settings.credential_limit)
    authenticator = Authenticator(services, lockout, verified, provider)
    return Certloom(services, authenticator, dispatcher, linter, folder, python, extensions)


async def _check_key(database: Database, seal: Seal) -> None:
    """Compare the key file with the one the database was sealed with; remember it at the first start."""
    known = await read_meta(database, "key_fingerprint")
    if known is None:
        await database.commit(Change(writes=(Put(MetaRow(name="key_fingerprint", value=seal.fingerprint)),)))
    elif known != seal.fingerprint:
        raise KeyFileUnusable(
            f"The key file has fingerprint {seal.fingerprint}, but this database was sealed with {known}. With the "
            "wrong key no stored secret can be opened, so nothing starts. Put the right key file back."
        )


async def _open_authorities(services: Services, linter: Linter) -> None:
    """Open every authority that issues; create a root and an issuing one at the first start."""
    system = system_actor("start")
    rows = await authorities(services, system)
    if not rows:
        await _hold_ceremony(services)
        rows = await authorities(services, system)
    by_name, files = {row.name: row for row in rows}, file_names(row.name for row in rows)
    for row in rows:
        key = open_key(services, row)
        services.crl_signers[files[row.name]] = EmbeddedCrlSigner(row.name, row.certificate, key, linter)
        if row.parent is None:
            continue
        chain = (by_name[row.parent].certificate,)
        addresses = addresses_below(_revocation_url(services.settings), files[row.name], ocsp=True)
        authority = EmbeddedAuthority(row.name, row.certificate, key, chain, linter, addresses)
        services.authorities[row.name_key] = authority
        services.ocsp_issuers[row.name_key] = authority


async def _hold_ceremony(services: Services) -> None:
    key_type, now = services.settings.ca_key_type, services.clock()
    root = await asyncio.to_thread(create_root, ROOT_AUTHORITY, key_type, now)
    files = file_names((ROOT_AUTHORITY, ISSUING_AUTHORITY))
    addresses = addresses_below(_revocation_url(services.settings), files[ROOT_AUTHORITY], ocsp=False)
    issuing = await asyncio.to_thread(create_issuing, root, ISSUING_AUTHORITY, key_type, now, addresses)
    created = (
        NewAuthority(name=root.name, parent=None, certificate=root.certificate, private_key=root.private_key),
        NewAuthority(
            name=issuing.name, parent=root.name, certificate=issuing.certificate, private_key=issuing.private_key
        ),
    )
    await keep_authorities(services, system_actor("start"), created)


def _revocation_url(settings: Settings) -> str:
    return revocation_url(settings.pki_url, settings.public_url)
