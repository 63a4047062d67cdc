"""What every operation is given: the parts that ``app.py`` put together."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from certloom.clock import Clock
from certloom.identity.password import PasswordHasher
from certloom.operations.key_stock import KeyStock
from certloom.operations.ocsp_responses import OcspResponses
from certloom.pki.authority import Authority, CrlSigner, OcspIssuer, Responder
from certloom.scripting.cel.expressions import Expressions
from certloom.scripting.pwsh.interpreter import Pwsh
from certloom.settings import Settings
from certloom.store.certificates import highest_certificate_id
from certloom.store.database import Database
from certloom.store.definitions import read_version
from certloom.store.instances import can_go_on
from certloom.store.sealing import Seal
from certloom.workflow.definition import Definition
from certloom.workflow.instance import DefinitionPin
from certloom.workflow.outgoing import Http, Mailbox
from certloom.workflow.step import StepType
from certloom.workflow.workflow_type import WorkflowType

__all__ = ["Dispatcher", "Services", "Waiting"]


class Waiting(Protocol):
    """How a workflow type whose instances are started for queued items says how many wait for a key."""

    async def __call__(self, database: Database, key: str) -> int:
        """How many items wait for a definition of the type that covers this key."""


class Dispatcher(Protocol):
    """What operations need of dispatch: to learn when an instance has settled."""

    def settling(self, instance_id: str) -> asyncio.Future[None]:
        """A future that is done once the instance suspends, sleeps or ends."""

    def forget(self, instance_id: str, future: asyncio.Future[None]) -> None:
        """Stop waiting."""


@dataclass(kw_only=True)
class Services:
    """The parts of a running certloom.

    ``authorities``, ``ocsp_issuers`` and ``responders`` are keyed by casefolded logical name, ``crl_signers`` by the
    name in public addresses, ``waiting`` by workflow type; a type without an entry starts its instances when they are
    asked for and queues nothing.
    """

    database: Database
    dispatcher: Dispatcher
    clock: Clock
    settings: Settings
    seal: Seal
    hasher: PasswordHasher
    pwsh: Pwsh
    step_types: Mapping[str, StepType]
    workflow_types: Mapping[str, WorkflowType]
    http: Http
    mail: Mailbox
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    authorities: dict[str, Authority] = field(default_factory=dict)
    crl_signers: dict[str, CrlSigner] = field(default_factory=dict)
    ocsp_issuers: dict[str, OcspIssuer] = field(default_factory=dict)
    responders: dict[str, Responder] = field(default_factory=dict)
    ocsp_responses: OcspResponses = field(default_factory=OcspResponses)
    expressions: Expressions = field(default_factory=Expressions)
    keys: KeyStock = field(default_factory=KeyStock)
    _locks: dict[str, tuple[asyncio.Lock, list[None]]] = field(default_factory=dict)
    _definitions: dict[tuple[str, int], Definition] = field(default_factory=dict)
    _certificate_id: int | None = None

    async def definition(self, pin: DefinitionPin) -> Definition:
        """The definition version an instance is pinned to. Published versions never change, so it is kept."""
        known = self._definitions.get((pin.id, pin.version))
        if known is None:
            steps = await read_version(self.database, pin.id, pin.version)
            if steps is None:
                raise LookupError(f"version {pin.version} of definition {pin.id} is gone, but instances run on it")
            known = Definition(
                id=pin.id,
                version=pin.version,
                workflow_type=pin.workflow_type,
                display_name=pin.display_name,
                steps=steps,
            )
            if len(self._definitions) >= _DEFINITIONS_KEPT:
                self._definitions.clear()
            self._definitions[pin.id, pin.version] = known
        return known

    async def reserve_certificate_id(self) -> int:
        """An id no certificate has or will have but the one it is reserved for."""
        if self._certificate_id is None:
            highest = await highest_certificate_id(self.database)
            # Somebody else may have counted on while the database answered.
            self._certificate_id = max(self._counted(), highest)
        self._certificate_id += 1
        return self._certificate_id

    def _counted(self) -> int:
        return self._certificate_id or 0

    async def settle(self, instance_id: str, seconds: float) -> None:
        """Return once the instance suspends, sleeps or ends, or after ``seconds``."""
        future = self.dispatcher.settling(instance_id)
        try:
            if await can_go_on(self.database, instance_id):
                await _at_most(future, seconds)
        finally:
            self.dispatcher.forget(instance_id, future)

    @asynccontextmanager
    async def in_order(self, instance_id: str) -> AsyncIterator[None]:
        """Puts the signals of one instance in order inside this process."""
        lock, users = self._locks.setdefault(instance_id, (asyncio.Lock(), []))
        users.append(None)
        try:
            async with lock:
                yield
        finally:
            users.pop()
            if not users:
                self._locks.pop(instance_id, None)


_DEFINITIONS_KEPT = 1000


async def _at_most(future: asyncio.Future[None], seconds: float) -> None:
    """Return when the future is done, or after ``seconds``."""
    timer = asyncio.get_running_loop().call_later(seconds, _finish, future)
    try:
        await future
    finally:
        timer.cancel()


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
