"""The runner: takes an instance from where it stands to its next rest, and records what happened.

Events of pure steps are kept back and ride with the next effect, suspension or end. Around an effect there are two
commits: the intent before it, the result after it.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta

import structlog

from certloom.clock import uuid7
from certloom.errors import CertloomError, Unavailable
from certloom.operations.access import Operation
from certloom.operations.audit import FAILURE, WARNING, entry
from certloom.operations.awaited import awaited_signals
from certloom.operations.context import ServicesContext
from certloom.operations.explaining import out_of_reach
from certloom.operations.facts import recorded
from certloom.operations.services import Services
from certloom.operations.signal_roles import RoleUnresolved
from certloom.operations.view import step_view
from certloom.store.change import AuditEntry, Change, GuardLost, RowCollides
from certloom.store.instances import instance_write, read_instance
from certloom.store.rows import Write
from certloom.workflow.condition import expression_of
from certloom.workflow.definition import Definition, Step
from certloom.workflow.engine import Ask, Finish, Resume, Run, Skip, Stand, completed, decide, events_of
from certloom.workflow.event import Event, StepFailed, StepSkipped, StepStarted, StepWoken
from certloom.workflow.fact import Fact, MailRequested
from certloom.workflow.instance import Cursor, Instance, Phase, Status
from certloom.workflow.journal import apply
from certloom.workflow.outcome import Continue, Fail, Outcome, Reject, Suspend
from certloom.workflow.outgoing import NotDone, PerhapsDone
from certloom.workflow.retry import retry_policy
from certloom.workflow.secret import hidden
from certloom.workflow.step import EffectStep, PureStep, StepView

__all__ = ["advance", "wake"]

_log = structlog.get_logger(__name__)
_PLANS = 3


async def advance(services: Services, instance_id: str) -> None:
    """Run the instance until it suspends, sleeps or ends. Does nothing for one that cannot go on."""
    instance = await read_instance(services.database, instance_id)
    if instance is None or instance.status is not Status.RUNNING:
        return
    definition = await services.definition(instance.definition)
    await Passage(services, instance, definition).run()


async def wake(services: Services, instance_id: str, wake_at: str) -> None:
    """Let a sleeping or suspended instance go on whose time has come; nothing when somebody did already."""
    instance = await read_instance(services.database, instance_id)
    if instance is None or instance.wake_at is None or instance.cursor is None or instance.wake_at > services.clock():
        return
    definition = await services.definition(instance.definition)
    passage = Passage(services, instance, definition)
    passage.record(StepWoken(at=services.clock(), step=instance.cursor.step, reason=f"due at {wake_at}"))
    try:
        await passage.commit(wake=True)
    except GuardLost:
        _log.info("instance was woken by somebody else", instance=instance_id)


class Passage:
    """One instance on its way from rest to rest: its state, and the events and facts not committed yet."""

    def __init__(self, services: Services, instance: Instance, definition: Definition) -> None:
        self._services = services
        self._definition = definition
        self._before = instance
        self._instance = instance
        self._events: list[Event] = []
        self._facts: list[Fact] = []
        self._answers: dict[str, bool] = {}
        self._waiting: StepView | None = None

    async def run(self) -> None:
        """Go on until nothing can, then commit what is left."""
        while True:
            match decide(self._instance, self._definition, self._answers):
                case Run(step, attempt):
                    await self._run(step, attempt)
                case Resume(step, cursor):
                    await self._resume(step, cursor)
                case Skip(step, condition):
                    self.record(StepSkipped(at=self._services.clock(), step=step.unique_name, condition=condition))
                case Ask(step, condition):
                    await self._ask(step, condition)
                case Finish():
                    self.record(completed(self._services.clock()))
                case Stand():
                    break
        await self._commit_result()

    def record(self, event: Event, facts: tuple[Fact, ...] = ()) -> None:
        """Keep an event and the facts it brought for the next commit."""
        self._instance = apply(self._instance, event)
        self._answers = {}  # they were about the data before
        self._events.append(event)
        self._facts.extend(facts)

    async def _ask(self, step: Step, condition: str) -> None:
        """Find out what an expression yields. One that cannot be decided fails the step: it never counts as true."""
        try:
            answer = await self._services.expressions.evaluate(expression_of(condition), self._instance.data)
        except Exception as error:  # noqa: BLE001 - see _run_pure
            told = self._told(step, error)
        else:
            if isinstance(answer, bool):
                self._answers[condition] = answer
                return
            told = "it yields neither true nor false."
        message = f"its condition {condition!r} cannot be decided: {told}"
        self.record(StepFailed(at=self._services.clock(), step=step.unique_name, message=message))

    async def _run(self, step: Step, attempt: int) -> None:
        match self._services.step_types.get(step.extension_name):
            case PureStep() as pure:
                await self._run_pure(step, pure, attempt)
            case EffectStep() as effect:
                await self._run_effect(step, effect, attempt)
            case _:
                self._record_unknown(step)

    def _record_unknown(self, step: Step) -> None:
        """Publishing refuses these; the package that brought the type may be gone or broken since."""
        message = f"step type {step.extension_name} is not known to this server (certloom doctor tells of packages)."
        self.record(StepFailed(at=self._services.clock(), step=step.unique_name, message=message))

    async def _run_pure(self, step: Step, step_type: PureStep, attempt: int) -> None:
        try:
            view = await step_view(self._services, self._instance, self._definition, step)
        except RoleUnresolved as error:
            self.record(StepFailed(at=self._services.clock(), step=step.unique_name, message=error.message))
            return
        try:
            outcome = await asyncio.to_thread(step_type.run, view) if step_type.lengthy else step_type.run(view)
        except Exception as error:  # noqa: BLE001 - whatever a step does wrong fails its instance, not the process
            outcome = Fail(self._told(step, error))
        self._record_outcome(outcome, step, attempt, view)

    async def _run_effect(self, step: Step, step_type: EffectStep, attempt: int) -> None:
        """Prepare, record the intent, perform. A serial number that exists already is planned anew."""
        if self._facts:
            # What an effect before this one brought about is known before the next is planned, which may look for it.
            await self._commit_kept()
        key = f"{self._instance.id}:{step.unique_name}:1"
        for remaining in reversed(range(_PLANS)):
            context = await self._context(step, key)
            try:
                prepared = await step_type.prepare(context)
            except Unavailable as error:
                policy = retry_policy(context.view.parameters)
                self._record_outcome(policy.after(error, attempt, harmless=True), step, attempt, context.view)
                return
            except Exception as error:  # noqa: BLE001 - see _run_pure
                outcome = Fail(self._told(step, error))
                self._record_outcome(outcome, step, attempt, context.view)
                return
            held = (self._instance, list(self._events), list(self._facts))
            self.record(
                StepStarted(
                    at=self._services.clock(),
                    step=step.unique_name,
                    attempt=attempt,
                    key=key,
                    intent=prepared.intent,
                ),
                prepared.facts,
            )
            try:
                await self.commit()
            except RowCollides:
                if not remaining:
                    raise
                self._instance, self._events, self._facts = held
                continue
            await self._perform(step, step_type, attempt, key, prepared.intent)
            return

    async def _resume(self, step: Step, cursor: Cursor) -> None:
        """Take over a step that was started and never ended, with the same intent and key."""
        step_type = self._services.step_types.get(step.extension_name)
        if not isinstance(step_type, EffectStep):
            self._record_unknown(step)
            return
        now, attempt, key, intent = self._services.clock(), cursor.attempt + 1, cursor.key or "", cursor.intent or {}
        policy = retry_policy((await self._context(step, key)).view.parameters)
        if cursor.phase is Phase.STARTED and not policy.repeatable(step_type.again(intent)):
            message = "it was interrupted, and whether it happened is not known. Look, then restart the instance."
            self.record(StepFailed(at=now, step=step.unique_name, message=message))
            return
        self.record(StepStarted(at=now, step=step.unique_name, attempt=attempt, key=key, intent=intent))
        await self.commit()
        await self._perform(step, step_type, attempt, key, intent)

    async def _perform(
        self, step: Step, step_type: EffectStep, attempt: int, key: str, intent: dict[str, object]
    ) -> None:
        context = await self._context(step, key)
        policy = retry_policy(context.view.parameters)
        outcome: Outcome
        try:
            outcome = await _within(policy.limit, step_type.perform(context, intent))
        except Unavailable as error:
            harmless = isinstance(error, NotDone) or policy.repeatable(step_type.again(intent))
            outcome = policy.after(error, attempt, harmless=harmless)
        except Exception as error:  # noqa: BLE001 - see _run_pure
            outcome = Fail(self._told(step, error))
        self._record_outcome(hidden(outcome, context.opened), step, attempt, context.view)

    def _record_outcome(self, outcome: Outcome, step: Step, attempt: int, view: StepView) -> None:
        facts = outcome.facts if isinstance(outcome, Continue | Suspend | Reject) else ()
        # A pure step takes no time worth a second look at the clock.
        at = (
            view.now if isinstance(self._services.step_types[step.extension_name], PureStep) else self._services.clock()
        )
        self.record(events_of(outcome, step, attempt, at, view), facts)
        self._waiting = view if isinstance(outcome, Suspend) else None

    async def _context(self, step: Step, key: str) -> ServicesContext:
        view = await step_view(self._services, self._instance, self._definition, step)
        return ServicesContext(self._services, view, key)

    def _told(self, step: Step, error: Exception) -> str:
        """What the instance says about a failure: our own errors speak; a fault gets a reference into the log."""
        if isinstance(error, CertloomError):
            _log.info("step failed", step=step.unique_name, error=type(error).__name__)
            return error.message
        reference = str(uuid7(self._services.clock()))
        _log.error("step failed unexpectedly", step=step.unique_name, reference=reference, exc_info=error)
        return f"an unexpected fault; the server's log explains it under reference {reference}."

    async def _commit_result(self) -> None:
        """Commit what is left; where another worker overtook this one, there is nothing more to do."""
        if self._events:
            with suppress(GuardLost):
                await self._commit_kept()

    async def _commit_kept(self) -> None:
        """Commit. Overtaken by another worker, record at least the facts, since they happened, and raise GuardLost."""
        # A mail tells of a decision; of one that was overtaken there is nothing to tell.
        facts = tuple(fact for fact in self._facts if not isinstance(fact, MailRequested))
        try:
            await self.commit()
        except GuardLost:
            if facts:
                await self._commit_late(facts)
            raise

    async def _commit_late(self, facts: tuple[Fact, ...]) -> None:
        writes, audit = recorded(self._services, facts, self._before, late=True)
        _log.warning("a result arrived after its step was taken over")
        try:
            await self._services.database.commit(Change(writes=writes, audit=audit))
        except RowCollides:
            _log.info("the late result was recorded already")

    async def commit(self, *, wake: bool = False) -> None:
        """Commit the events and facts kept so far. Raises GuardLost when somebody else moved the instance."""
        writes, audit = recorded(self._services, tuple(self._facts), self._instance)
        if self._waiting is not None:
            audit = (*audit, *await out_of_reach(self._services, self._instance, self._waiting))
        await self._services.database.commit(self._change(writes, audit, wake=wake))
        self._before = self._instance
        self._events, self._facts = [], []

    def _change(self, writes: tuple[Write, ...], audit: tuple[AuditEntry, ...], *, wake: bool) -> Change:
        after = self._instance
        write = instance_write(
            self._before,
            after,
            self._events,
            self._definition,
            awaited_signals(self._services, self._before, after, self._definition),
        )
        if after.status in _AUDITED_ENDS:
            audit = (*audit, _end(self._services, after, _AUDITED_ENDS[after.status]))
        return Change(instances=(write,), writes=writes, audit=audit, wake=(after.id,) if wake else ())


async def _within(limit: timedelta, effect: Awaitable[Outcome]) -> Outcome:
    """The outcome, if it comes in time. Raises PerhapsDone otherwise."""
    try:
        async with asyncio.timeout(limit.total_seconds()) as timer:
            return await effect
    except TimeoutError as error:
        if not timer.expired():
            raise
        seconds = int(limit.total_seconds())
        raise PerhapsDone(f"It took longer than its time limit of {seconds} seconds.") from error


_AUDITED_ENDS = {Status.FAILED: FAILURE, Status.REJECTED: WARNING}
"""The ends nobody asked for, with the level at which the audit log is told."""


def _end(services: Services, instance: Instance, level: int) -> AuditEntry:
    actor = f"system:workflow on behalf of {instance.initiator}"
    return entry(services, actor, Operation.RUN_INSTANCE, ("WorkflowInstance", instance.id), instance.message, level)
