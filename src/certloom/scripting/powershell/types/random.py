"""System.Random, over the random numbers that were handed in."""

from certloom.scripting.powershell.runtime.session import Session
from certloom.scripting.powershell.types.arrays import any_value
from certloom.scripting.powershell.types.spec import TypeSpec, takes, with_session
from certloom.scripting.powershell.values.conversion import to_int
from certloom.scripting.powershell.values.errors import failure
from certloom.scripting.powershell.values.objects import RandomValue

__all__ = ["RANDOM"]

_MOST = (1 << 31) - 1


def _next(target: RandomValue, first: int | None = None, last: int | None = None) -> int:
    least, most = (0, _MOST) if first is None else (0, first) if last is None else (first, last)
    if most < least:
        raise failure(
            "'minValue' cannot be greater than maxValue. (Parameter 'minValue')",
            inner="System.ArgumentOutOfRangeException",
        )
    return least + int(target.draw() * (most - least))


def _made(session: Session, _: object, __: object = None) -> RandomValue:
    return RandomValue(session.draw)


RANDOM = TypeSpec(
    name="System.Random",
    aliases=("random",),
    methods={
        "Next": takes(_next, to_int, to_int, least=0),
        "NextDouble": takes(lambda target: target.draw()),
    },
    new=with_session(_made, any_value, least=0),
)
