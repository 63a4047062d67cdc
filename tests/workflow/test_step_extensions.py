import pytest
from tests.conftest import Install

from certloom.app import STEP_TYPES
from certloom.workflow.step_extensions import read_extensions


def test_without_other_packages_there_are_no_other_step_types() -> None:
    assert read_extensions(STEP_TYPES).loaded == ()
    assert read_extensions(STEP_TYPES).broken == ()


def test_a_step_type_of_another_package_is_found_with_its_package(install: Install) -> None:
    install(ticket="acme_steps:Ticket")
    (found,) = read_extensions(STEP_TYPES).loaded
    assert (found.step_type.extension_name, found.package) == ("AcmeTicket", "acme-steps 1.2")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("acme_steps:Absent", "AttributeError"),
        ("acme_nowhere:Ticket", "ModuleNotFoundError"),
        ("acme_exits:Ticket", "SystemExit: no licence"),
        ("acme_steps:NoStep", "no class derived from PureStep or EffectStep"),
        ("acme_steps:Nameless", "does not declare extension_name and display_name"),
        ("acme_steps:Impostor", "there is a step type requireapproval already"),
        ("acme_steps:Unfinished", "TypeError"),
    ],
)
def test_a_broken_one_is_left_out_and_named_and_the_others_are_there(install: Install, value: str, told: str) -> None:
    install(broken=value, ticket="acme_steps:Ticket", twice="acme_steps:Ticket")
    found = read_extensions(STEP_TYPES)
    assert [one.step_type.extension_name for one in found.loaded] == ["AcmeTicket"]
    assert [(one.name, one.package) for one in found.broken] == [
        ("broken", "acme-steps 1.2"),
        ("twice", "acme-steps 1.2"),
    ]
    assert told in found.broken[0].reason
