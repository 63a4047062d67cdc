import json
import random
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.workflow.exported_strategies import FILES, documents, texts

from certloom.workflow.exported import ExportedDefinition, document_of
from certloom.workflow.kept_form import PlaceDifference, differences, file_names, kept_form, text_of_document


def read(document: object) -> ExportedDefinition:
    return msgspec.convert(document, ExportedDefinition)


def of_file(name: str) -> dict[str, Any]:
    (file,) = [file for file in FILES if file.stem == name]
    document: dict[str, Any] = json.loads(file.read_text())
    return document


def kept(document: object) -> ExportedDefinition:
    return kept_form(read(document))


def unique(document: dict[str, Any]) -> dict[str, Any]:
    """The document with steps of different unique names, as every saved definition has them."""
    steps = [{**step, "UniqueName": f"S{number}"} for number, step in enumerate(document["Steps"])]
    return {**document, "Steps": steps}


def ids(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [name for name in value if name in {"Id", "RoleId", "RoleIds", "Value", "DraftVersion"}]
        return [*own, *(name for item in value.values() for name in ids(item))]
    return [name for item in value for name in ids(item)] if isinstance(value, list) else []


def test_ids_and_version_numbers_are_left_out() -> None:
    document = document_of(kept(of_file("approved-web-server")))
    assert ids(document) == []
    assert document["Keys"] == [{"DisplayName": "Intranet server"}]
    assert document["Steps"][1]["Signals"] == [
        {"SignalName": "ApprovalStatus", "Roles": [{"RoleName": "PKI team"}], "RoleTokens": []}
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_steps_come_as_they_follow_each_other(file: Any) -> None:
    steps = document_of(kept(json.loads(file.read_text(encoding="utf-8-sig"))))["Steps"]
    followers = [step["Outputs"].get("continue") for step in steps]
    assert followers == [*(step["UniqueName"] for step in steps[1:]), None]


@given(documents.map(unique), st.randoms())
def test_the_order_in_a_file_makes_no_difference(document: dict[str, Any], chance: random.Random) -> None:
    shuffled = {name: document[name] for name in chance.sample(list(document), len(document))}
    shuffled["Steps"] = chance.sample(document["Steps"], len(document["Steps"]))
    assert text_of_document(kept(shuffled)) == text_of_document(kept(document))


@given(documents.map(unique))
def test_the_kept_form_is_read_as_itself_and_differs_from_itself_nowhere(document: dict[str, Any]) -> None:
    once = kept(document)
    again = kept(json.loads(text_of_document(once)))
    assert again == once
    assert differences(once, again) == ()


@given(texts, texts)
def test_two_values_differ_exactly_when_a_difference_is_shown(one: str, other: str) -> None:
    first, second = (kept({"DisplayName": "A", "WorkflowType": "T", "Description": text}) for text in (one, other))
    found = differences(first, second)
    assert bool(found) == (one != other)
    if found:
        assert found[0].place == "Description"
        assert any(line.startswith("-") for line in found[0].lines())
        assert any(line.startswith("+") for line in found[0].lines())


@pytest.mark.parametrize(("one", "other"), [(1, "1"), (True, "true"), (True, 1), (None, "null"), ("a\nb", ["a", "b"])])
def test_values_that_look_alike_are_not_the_same(one: object, other: object) -> None:
    sides = [
        kept(
            {
                "DisplayName": "A",
                "WorkflowType": "T",
                "Steps": [{"UniqueName": "S", "ExtensionName": "E", "ConfigurationParameters": {"P": value}}],
            }
        )
        for value in (one, other)
    ]
    (found,) = differences(*sides)
    assert found.place == "Steps.S.ConfigurationParameters.P"


def test_of_a_long_text_only_the_lines_around_the_difference_are_shown() -> None:
    text = "\n".join(f"line {number}" for number in range(40))
    difference = PlaceDifference(
        "Steps.S.ConfigurationParameters.ScriptContent",
        tuple(text.split("\n")),
        tuple(text.replace("line 20", "line twenty").split("\n")),
    )
    assert difference.lines() == [
        "@@ -19,5 +19,5 @@", " line 18", " line 19", "-line 20", "+line twenty", " line 21", " line 22"
    ]  # fmt: skip


def test_a_step_on_one_side_only_is_shown_with_everything_in_it() -> None:
    here = of_file("expiration-notice")
    there = {**here, "Steps": [step for step in here["Steps"] if step["UniqueName"] != "TellOwners"]}
    places = [one.place for one in differences(kept(here), kept(there)) if not one.file]
    assert "Steps.TellOwners.ConfigurationParameters.Subject" in places


def test_files_are_named_after_type_and_display_name() -> None:
    named = [
        {"DisplayName": name, "WorkflowType": "Enrollment"} for name in ("Web servers", "Web/Servers", "Ünï", "..")
    ]
    first, second, third, fourth = file_names([read(one) for one in named])
    assert re.fullmatch(r"Enrollment-Web-servers-[0-9a-f]{8}\.json", first)
    assert re.fullmatch(r"Enrollment-Web-Servers-[0-9a-f]{8}\.json", second)
    assert third == "Enrollment-n.json"
    assert re.fullmatch(r"Enrollment-[0-9a-f]{8}\.json", fourth)
    assert first.casefold() != second.casefold()


@given(st.lists(texts, max_size=6, unique=True))
def test_d07_no_name_leads_out_of_the_folder_or_onto_another_file(display_names: list[str]) -> None:
    files = file_names([read({"DisplayName": name, "WorkflowType": "T"}) for name in display_names])
    assert len({file.casefold() for file in files}) == len(files)
    assert all(re.fullmatch(r"T-[A-Za-z0-9-]+\.json", file) for file in files)
