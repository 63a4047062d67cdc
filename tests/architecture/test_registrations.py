import pkgutil
from importlib import import_module

import pytest

from certloom.app import STEP_TYPES, WORKFLOW_TYPES

REGISTERED = {"certloom.steps": STEP_TYPES, "certloom.workflow_types": WORKFLOW_TYPES}


def files_of(package: str) -> list[str]:
    folder = import_module(package)
    return sorted(f"{package}.{module.name}" for module in pkgutil.iter_modules(folder.__path__))


@pytest.mark.parametrize("package", REGISTERED)
def test_every_file_holds_one_type_and_every_type_is_registered(package: str) -> None:
    homes = sorted(type(one).__module__ for one in REGISTERED[package])

    assert homes == files_of(package)


@pytest.mark.parametrize(
    ("types", "attribute"), [(STEP_TYPES, "extension_name"), (WORKFLOW_TYPES, "name")], ids=["steps", "workflow types"]
)
def test_no_two_types_share_a_name(types: tuple[object, ...], attribute: str) -> None:
    names = [str(getattr(one, attribute)).casefold() for one in types]

    assert len(set(names)) == len(names)
