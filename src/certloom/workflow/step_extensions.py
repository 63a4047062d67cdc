"""Step types from other packages: classes that an installed package names in the entry point group ``certloom.steps``.

Such a type is a type like every other, in the catalogue, in checks and when it runs. One that cannot be loaded is left
out and named: it must not keep a server from revoking and approving what has nothing to do with it.
Source: the core metadata specification of Python packages, entry points.
"""

from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points

import msgspec

from certloom.workflow.step import EffectStep, PureStep, StepType

__all__ = ["GROUP", "BrokenExtension", "Extensions", "LoadedExtension", "read_extensions"]

GROUP = "certloom.steps"
_DECLARED = ("extension_name", "display_name")


class LoadedExtension(msgspec.Struct, frozen=True):
    """A step type of another package."""

    step_type: StepType
    package: str


class BrokenExtension(msgspec.Struct, frozen=True):
    """An entry point that gives no step type, and why."""

    name: str
    package: str
    reason: str


class Extensions(msgspec.Struct, frozen=True):
    """What other packages bring."""

    loaded: tuple[LoadedExtension, ...]
    broken: tuple[BrokenExtension, ...]


class _Unusable(Exception):
    """What an entry point names cannot be a step type."""


def read_extensions(built_in: Iterable[StepType]) -> Extensions:
    """Every step type of an installed package. A name that is taken, in any case, is not taken over."""
    taken = {step_type.extension_name.casefold() for step_type in built_in}
    found = list(_read(taken))
    return Extensions(
        tuple(one for one in found if isinstance(one, LoadedExtension)),
        tuple(one for one in found if isinstance(one, BrokenExtension)),
    )


def _read(taken: set[str]) -> Iterator[LoadedExtension | BrokenExtension]:
    for point in sorted(entry_points(group=GROUP), key=lambda point: (_package(point), point.name)):
        try:
            step_type = _step_type(point, taken)
        except _Unusable as unusable:
            yield BrokenExtension(point.name, _package(point), str(unusable))
        # Whatever foreign code does while it is loaded, an exit included, concerns it alone.
        except (Exception, SystemExit) as error:  # noqa: BLE001 - see above
            yield BrokenExtension(point.name, _package(point), f"{type(error).__name__}: {error}")
        else:
            taken.add(step_type.extension_name.casefold())
            yield LoadedExtension(step_type, _package(point))


def _step_type(point: EntryPoint, taken: set[str]) -> StepType:
    kind = point.load()
    if not (isinstance(kind, type) and issubclass(kind, PureStep | EffectStep)):
        raise _Unusable(f"{point.value} is no class derived from PureStep or EffectStep")
    missing = [name for name in _DECLARED if not isinstance(getattr(kind, name, None), str) or not getattr(kind, name)]
    if missing:
        raise _Unusable(f"{point.value} does not declare {' and '.join(missing)}")
    if kind.extension_name.casefold() in taken:
        raise _Unusable(f"there is a step type {kind.extension_name} already")
    step_type: StepType = kind()
    return step_type


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "unknown"
