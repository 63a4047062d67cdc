"""Redirections: streams that go nowhere, or into the output (about_Redirection)."""

from collections.abc import Callable, Mapping

from certloom.scripting.powershell.runtime.session import STREAMS, Emit, Scope, Session, Stage, Starter
from certloom.scripting.powershell.syntax.statements import Redirection

__all__ = ["redirected"]


def redirected(starter: Starter, redirections: tuple[Redirection, ...]) -> Starter:
    """A command whose streams go where its redirections send them."""
    silent = any(one.stream in {"1", "*"} and not one.merged for one in redirections)

    def start(scope: Scope, fed: bool, emit: Emit) -> Stage:  # noqa: FBT001 - part of the contract of a starter
        session = scope.session
        outside = session.routes
        into = _nowhere if silent else _within(session, outside, emit)
        inside = dict(outside)
        for one in redirections:
            for stream in set(STREAMS.values()) if one.stream == "*" else {one.stream}:
                inside[stream] = into if one.merged else _nowhere
        stage: list[Stage] = []
        _under(session, inside, lambda: stage.append(starter(scope, fed, into)))
        made = stage[0]
        return Stage(
            lambda item: _under(session, inside, lambda: made.process(item)),
            lambda: _under(session, inside, made.end),
            made.inside or made.process,
        )

    return start


def _nowhere(_: object) -> None:
    """``$null`` as a place for output."""


def _under(session: Session, routes: Mapping[str, Emit], run: Callable[[], object]) -> None:
    """Run with these routes, and leave the session with those it had."""
    before = session.routes
    session.routes = routes
    try:
        run()
    finally:
        session.routes = before


def _within(session: Session, routes: Mapping[str, Emit], emit: Emit) -> Emit:
    """What is put out is handled by commands that the redirection does not cover."""

    def put_out(item: object) -> None:
        _under(session, routes, lambda: emit(item))

    return put_out
