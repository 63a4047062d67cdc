import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from certloom.api.application import routes
from certloom.api.enumerations import INSTANCE_STATUS
from certloom.api.problems import FAMILIES, UNEXPECTED
from certloom.api.schemas.instances import DefinitionReference, InstanceResponse, InstanceSignal
from certloom.errors import CertloomError
from certloom.settings import BASE_PATHS, Settings

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "compatibility.md").read_text()
PARAMETER = re.compile(r"{\w+}")


def section(title: str) -> str:
    """What stands under a heading, up to the next one of the same rank."""
    (found,) = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def defined_tests() -> set[str]:
    modules = [ast.parse(path.read_text()) for path in TESTS.rglob("test_*.py")]
    functions = [node for module in modules for node in module.body]
    return {node.name for node in functions if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def error_codes(family: type[CertloomError] = CertloomError) -> Iterator[str]:
    if family.code:
        yield family.code
    for kind in family.__subclasses__():
        yield from error_codes(kind)


def listed(title: str) -> set[str]:
    return {PARAMETER.sub("{}", each) for each in re.findall(r"^- `([A-Z]+ /[^`]+)`$", section(title), re.MULTILINE)}


def served() -> set[str]:
    return {
        PARAMETER.sub("{}", f"{method} {route.path_format.removeprefix('/KeyfactorAPI')}")
        for route in routes(1_000_000).routes
        for method in getattr(route, "methods", ())
        if method != "OPTIONS" and route.path_format.startswith("/KeyfactorAPI/")
    }


def test_every_field_of_an_instance_has_a_row_in_its_order() -> None:
    fields = [row[0].strip("`| ") for row in rows(section("One instance").partition("###")[0])]
    assert fields == list(InstanceResponse.__struct_encode_fields__)


def test_every_row_of_a_field_names_tests_of_that_field() -> None:
    for row in rows(section("One instance").partition("###")[0]):
        words = re.findall(r"[A-Z][a-z]+", row[0])
        prefix = "_".join(["test_field", *(word.lower() for word in words)]) + "_"
        names = re.findall(r"`(test_\w+)`", row[4])
        assert names, row[0]
        assert [name for name in names if not name.startswith(prefix)] == []


def test_every_test_of_a_field_is_named() -> None:
    of_fields = {name for name in defined_tests() if name.startswith("test_field_")}
    assert of_fields - set(re.findall(r"`(test_\w+)`", PAGE)) == set()


def test_every_test_the_page_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 30
    assert named - defined_tests() == set()


@pytest.mark.parametrize("record", [InstanceSignal, DefinitionReference])
def test_the_members_of_the_objects_inside_are_named(
    record: type[InstanceSignal] | type[DefinitionReference],
) -> None:
    table = section("One instance")
    assert [name for name in record.__struct_encode_fields__ if f"`{name}`" not in table] == []


def test_every_status_stands_there_with_its_number() -> None:
    numbers = ", ".join(f"{number} {name}" for number, name in INSTANCE_STATUS.names.items())
    assert numbers in " ".join(PAGE.split())


def test_every_base_path_stands_there_with_its_form() -> None:
    table = {row[0].strip("`| "): row[1] for row in rows(section("Base paths and addresses"))}
    assert table == dict(BASE_PATHS)


def test_every_error_code_stands_there() -> None:
    table = section("Errors")
    codes = {UNEXPECTED[1], *(code for _, code in FAMILIES.values()), *error_codes()}
    assert {code for code in codes if f"`{code}`" not in table} == set()


def test_every_setting_the_page_names_exists() -> None:
    named = set(re.findall(r"settings? `(\w+)`", PAGE))
    assert named
    assert named - set(Settings.__struct_fields__) == set()


def test_what_is_there_is_there_and_what_is_not_there_is_not() -> None:
    assert listed("What is there") == served()
    assert listed("What is not there yet") & served() == set()
