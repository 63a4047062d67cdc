"""The contract of a step type. One file is one step type.

The declaration (name, parameters, signals, outputs) is read by the catalogue of the API, the check at save time and
the reference page; the behaviour is ``run`` for a pure step, ``prepare`` and ``perform`` for one with an effect.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol

import msgspec
from typing_extensions import override

from certloom.pki.authority import Authority
from certloom.pki.template import Template
from certloom.workflow.fact import Fact
from certloom.workflow.instance import Instance, ReceivedSignal
from certloom.workflow.outcome import Outcome
from certloom.workflow.outgoing import Http, Mailbox
from certloom.workflow.parameters import TOKEN_MODE, Parameter
from certloom.workflow.retry import RETRY_PARAMETERS, Retries
from certloom.workflow.signal import SignalDefinition
from certloom.workflow.token_modes import TextKind

__all__ = [
    "Due",
    "EffectStep",
    "Lookup",
    "Prepared",
    "PureStep",
    "Retries",
    "ScriptRun",
    "Scripts",
    "StandingCertificate",
    "StepContext",
    "StepType",
    "StepView",
]


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """What every step sees: its place, its parameters, and the instance as plain data.

    ``votes`` are the accepted signals of this step that are about the request as it stands and whose senders may still
    send them; ``roles`` the names of the roles that may. ``request`` maps the fields of the request as it stands onto
    their hashes: what votes are bound to. ``protected`` names the data that values from outside may not replace.
    ``signal_roles`` are the ids of the roles that may send each signal, by its key. ``signalled`` says that a signal
    brought the step here; without it, the step was just reached or its time has come.
    """

    instance: Instance
    step: str
    parameters: Mapping[str, Any]
    votes: tuple[ReceivedSignal, ...]
    roles: tuple[str, ...]
    request: Mapping[str, str]
    now: datetime
    protected: frozenset[str] = frozenset()
    signal_roles: Mapping[str, tuple[int, ...]] = {}
    signalled: bool = False

    @property
    def data(self) -> Mapping[str, Any]:
        """The instance's current data."""
        return self.instance.data

    @property
    def waiting_since(self) -> datetime:
        """When the step first suspended, in whole milliseconds; now, where it has not yet."""
        cursor = self.instance.cursor
        since = (cursor.since if cursor and cursor.step == self.step else None) or self.now
        return since.replace(microsecond=since.microsecond // 1000 * 1000)


class Due(msgspec.Struct, frozen=True):
    """What time brings to a step that waits: ``what`` happens ``at`` that moment, in words."""

    at: datetime
    what: str


class StandingCertificate(msgspec.Struct, frozen=True):
    """A certificate as it was issued (DER), with its template and authority."""

    der: bytes
    template: str
    authority: str


class RevocableCertificate(msgspec.Struct, frozen=True):
    """A certificate that is about to be revoked, and the instance that last did something of the kind to it."""

    serial: str
    authority: str
    over: str = ""


class Lookup(Protocol):
    """What a step may look up. Read-only."""

    async def template(self, name: str) -> Template:
        """The template of that short name. Raises TemplateNotFound."""

    async def reserve_certificate_id(self) -> int:
        """An id no certificate has or will have but the one it is reserved for."""

    async def check_key(self, spki_sha256: str, requester_id: int) -> None:
        """Raises KeyNotAllowed for a key that may not get a certificate of this requester's."""

    async def holds_key(self, spki_sha256: str) -> bool:
        """Whether the private key that was made for this public key is still held for its requester."""

    async def revocable_certificate(self, certificate_id: int, reason: int, instance_id: str) -> RevocableCertificate:
        """A certificate for which this revocation, hold or end of a hold is possible, or was done by this instance.

        Raises CertificateNotFound or CertificateRevokedAlready.
        """

    async def metadata(self, given: Mapping[str, Any]) -> dict[str, str]:
        """The metadata of a request in the form its fields ask for now. Raises MetadataInvalid."""

    async def metadata_value(self, certificate_id: int, name: str, value: object) -> tuple[str, str]:
        """A field's name and a value for a certificate, in the form the field asks for.

        Raises CertificateNotFound or MetadataInvalid.
        """

    async def standing_certificate(self, certificate_id: int) -> StandingCertificate | None:
        """A certificate that is neither revoked nor expired, or None."""

    async def was_revoked_by(self, certificate_id: int, instance_id: str) -> bool:
        """Whether that instance revoked the certificate, or changed its hold, as the last one."""


class ScriptRun(msgspec.Struct, frozen=True):
    """What a script left: values for the data, and what it said on the way."""

    values: dict[str, Any]
    messages: tuple[str, ...]


class Scripts(Protocol):
    """The scripts of the library, for a step to run."""

    async def sha256(self, name: str) -> str:
        """The SHA-256 of the contents of a script that can be run now.

        Raises an error that says what is missing, and how to get it, for one that cannot.
        """

    async def run(self, name: str, sha256: str, parameters: Mapping[str, Any], protected: Iterable[str]) -> ScriptRun:
        """Run a script, if its contents still have that SHA-256. None of ``protected`` may be among its values."""


class StepContext(Protocol):
    """Everything from outside that a step with an effect may use."""

    @property
    def view(self) -> StepView:
        """The instance as the step sees it."""

    @property
    def key(self) -> str:
        """The idempotency key: the same for every attempt at this effect."""

    @property
    def lookup(self) -> Lookup:
        """What may be looked up."""

    @property
    def http(self) -> Http:
        """HTTP, to addresses that steps may reach."""

    @property
    def mail(self) -> Mailbox:
        """Mail, through the configured server."""

    @property
    def scripts(self) -> Scripts:
        """The library of scripts."""

    def authority(self, name: str) -> Authority:
        """The certificate authority of that logical name. Raises AuthorityNotFound."""

    async def secret(self, value: Any) -> str | None:
        """The plain value of a secret parameter, None for none; never to be put into data, intent or messages.

        Raises SecretUnusable.
        """


class Prepared(msgspec.Struct, frozen=True):
    """An effect that is fixed but not performed. ``intent`` is plain JSON data; ``facts`` are recorded with it."""

    intent: dict[str, Any]
    facts: tuple[Fact, ...] = ()


class StepType(ABC):
    """What every step type declares.

    ``workflow_types`` empty means all. ``once`` types may stand in a definition one time only and take no conditions.
    ``changes_request`` warns at publishing when such a step follows an approval. ``ours`` marks a type that the
    Keyfactor product does not have, so that a definition with one is not exported for it.
    """

    extension_name: ClassVar[str]
    display_name: ClassVar[str]
    workflow_types: ClassVar[tuple[str, ...]] = ()
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    signals: ClassVar[tuple[SignalDefinition, ...]] = ()
    outputs: ClassVar[tuple[str, ...]] = ("continue",)
    once: ClassVar[bool] = False
    changes_request: ClassVar[bool] = False
    ours: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        """Add the parameters that all such step types have; whoever reads the declaration sees them as its own."""
        super().__init_subclass__(**options)
        cls.parameters = (*cls.parameters, *(one for one in cls._common() if one not in cls.parameters))

    @classmethod
    def _common(cls) -> tuple[Parameter, ...]:
        encoded = any(one.tokens and (one.text is not TextKind.TEXT or one.media_type) for one in cls.parameters)
        return (TOKEN_MODE,) if encoded else ()

    def faults(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:  # noqa: ARG002 - a step type without rules has no faults
        """What is wrong with these parameters, under their declared names, beyond their types.

        Called when a definition is saved.
        """
        return ()

    def remarks(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:  # noqa: ARG002 - most have nothing to remark
        """What works differently here than in the Keyfactor product with these parameters, under their declared names.

        Told to whoever imports a definition.
        """
        return ()

    def needed(self, parameters: Mapping[str, Any]) -> int:  # noqa: ARG002 - most signals are sent once
        """How many people must send a signal before a step with these parameters goes on."""
        return 1

    def dates(self, view: StepView) -> tuple[Due, ...]:  # noqa: ARG002 - to most steps time brings nothing
        """What time brings while the step waits, if nobody does anything."""
        return ()

    def signal(self, name: str) -> SignalDefinition | None:
        """The declared signal of that name, ignoring case."""
        folded = name.casefold()
        return next((signal for signal in self.signals if signal.name.casefold() == folded), None)


class PureStep(StepType):
    """A step that only looks at data. It rides with the commit of whatever comes next.

    One that may compute for longer than a moment is ``lengthy`` and runs in a thread.
    """

    lengthy: ClassVar[bool] = False

    @abstractmethod
    def run(self, view: StepView) -> Outcome:
        """What follows from the data. Called again after every accepted signal."""


class EffectStep(StepType):
    """A step that changes something outside. Its intent is committed before it acts.

    Both halves may raise what is Unavailable; it is tried again then as the step's parameters say.
    """

    retries: ClassVar[Retries]

    @classmethod
    @override
    def _common(cls) -> tuple[Parameter, ...]:
        return (*super()._common(), *RETRY_PARAMETERS)

    def again(self, intent: Mapping[str, Any]) -> Retries:  # noqa: ARG002 - most types know it without the intent
        """What performing this intent a second time does."""
        return self.retries

    @abstractmethod
    async def prepare(self, context: StepContext) -> Prepared:
        """Everything that can be checked and fixed without an effect."""

    @abstractmethod
    async def perform(self, context: StepContext, intent: dict[str, Any]) -> Outcome:
        """The effect. Called again with the same intent and key when it is not known whether it happened."""
