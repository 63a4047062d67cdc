"""Wire shape of an explanation. Ours."""

from certloom.api.schemas.wire import Wire

__all__ = ["AwaitedSignal", "DueMoment", "ExplanationResponse", "FailureResponse", "FollowingStep", "VoteResponse"]


class AwaitedSignal(Wire, kw_only=True):
    """A signal the step waits for: ``Missing`` more of ``Needed``, which ``People`` people can still send.

    ``OutOfReach``: fewer can than must.
    """

    signal_key: str
    roles: list[str]
    needed: int
    missing: int
    people: int
    out_of_reach: bool


class VoteResponse(Wire, kw_only=True):
    """A vote. ``Counts`` is null where its step is decided; ``Why`` says why one does not count."""

    step: str
    user: str
    time: str
    approved: bool
    comment: str | None
    counts: bool | None
    why: str


class DueMoment(Wire, kw_only=True):
    """What time brings, and when."""

    time: str
    what: str


class FailureResponse(Wire, kw_only=True):
    """The last failure; ``Attempt`` is null where it is not tried again by itself."""

    step: str
    time: str
    attempt: int | None
    why: str


class FollowingStep(Wire, kw_only=True):
    """Where an output of the step leads; ``Step`` null: to the end. ``Conditions`` must be true for it to run."""

    output: str
    step: str | None
    display_name: str | None
    extension_name: str | None
    conditions: list[str]


class ExplanationResponse(Wire, kw_only=True):
    """Why an instance stands where it stands. ``Summary`` says it in words, the rest says it to programs."""

    id: str
    status: str | int
    summary: str
    step: str | None
    step_display_name: str | None
    since: str
    out_of_reach: bool
    awaited: list[AwaitedSignal]
    votes: list[VoteResponse]
    dates: list[DueMoment]
    failure: FailureResponse | None
    next_steps: list[FollowingStep]
    actions: list[str]
    superseded_by: str | None
