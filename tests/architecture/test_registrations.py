import pkgutil
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace

import pytest

REGISTERED_IN = {"certloom.steps": "STEP_TYPES", "certloom.workflow_types": "WORKFLOW_TYPES"}


def modules_of(package: str) -> list[ModuleType]:
    folder = import_module(package)
    return [import_module(f"{package}.{module.name}") for module in pkgutil.iter_modules(folder.__path__)]


def registered(name: str) -> list[object] | None:
    """What the composition root registers under a name; none while there is no composition root."""
    if find_spec("certloom.app") is None:
        return None
    types = getattr(import_module("certloom.app"), name)
    return list(types.values() if isinstance(types, dict) else types)


def not_registered(modules: Iterable[ModuleType | SimpleNamespace], types: list[object]) -> list[str]:
    """The modules that hold none of the registered types: forgotten, or no type of their own."""
    return [
        module.__name__
        for module in modules
        if not any(value is one for value in vars(module).values() for one in types)
    ]


@pytest.mark.parametrize(("package", "name"), REGISTERED_IN.items())
def test_every_file_is_registered_and_every_registration_has_its_file(package: str, name: str) -> None:
    modules = modules_of(package)
    types = registered(name)

    assert all(module.__doc__ for module in modules)
    if types is not None:
        assert not_registered(modules, types) == []
        assert len(types) == len(modules)


def test_a_forgotten_registration_is_found() -> None:
    email, revoke = object(), object()
    modules = [
        SimpleNamespace(__name__="certloom.steps.email", STEP=email),
        SimpleNamespace(__name__="certloom.steps.revoke", STEP=revoke),
    ]

    assert not_registered(modules, [email]) == ["certloom.steps.revoke"]
    assert not_registered(modules, [email, revoke]) == []
