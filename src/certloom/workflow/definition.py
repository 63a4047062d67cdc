"""A definition: the steps a request goes through, and who may signal at which of them.

Source: workflow-definitions reference, 2.5 and 2.6.
"""

from functools import cached_property
from typing import Any

import msgspec

__all__ = ["Definition", "SignalConfiguration", "Step"]


class SignalConfiguration(msgspec.Struct, frozen=True):
    """Who may send a signal: holders of any of these roles."""

    signal_name: str
    role_ids: tuple[int, ...] = ()
    role_tokens: tuple[str, ...] = ()


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a definition version.

    ``outputs`` maps the name of an output to the unique name of the next step; the last step has none. All
    ``conditions`` must be true for the step to run.
    """

    id: str
    unique_name: str
    display_name: str
    extension_name: str
    enabled: bool = True
    parameters: dict[str, Any] = {}
    signals: tuple[SignalConfiguration, ...] = ()
    signal_ids: dict[str, str] = {}
    condition_ids: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    outputs: dict[str, str] = {}


class Definition(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One version of a definition. Immutable once published; instances are pinned to it."""

    id: str
    version: int
    workflow_type: str
    display_name: str
    steps: tuple[Step, ...]

    def step(self, unique_name: str) -> Step:
        """The step of that unique name. Raises KeyError when there is none."""
        return self._by_name[unique_name]

    @cached_property
    def entry(self) -> Step:
        """The step no other step leads to. A version that could be saved has exactly one."""
        targets = {target for step in self.steps for target in step.outputs.values()}
        return next(step for step in self.steps if step.unique_name not in targets)

    @cached_property
    def _by_name(self) -> dict[str, Step]:
        return {step.unique_name: step for step in self.steps}
