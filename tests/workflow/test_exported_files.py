import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from tests.workflow.exported_strategies import FILES, documents

from certloom.workflow.exported import ExportedDefinition, ExportedKey, document_of, unread_members


def read(document: object) -> ExportedDefinition:
    return msgspec.convert(document, ExportedDefinition)


@given(documents)
def test_k02_what_was_read_is_written_again_with_the_same_members_and_values(document: dict[str, Any]) -> None:
    assert document_of(read(document)) == document
    assert unread_members(document, read(document)) == ()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_k02_an_exported_file_is_written_again_in_its_own_order(file: Path) -> None:
    document = json.loads(file.read_text(encoding="utf-8-sig"))
    assert json.dumps(document_of(read(document))) == json.dumps(document)


def test_both_forms_name_what_a_definition_covers() -> None:
    shared = {"DisplayName": "A", "WorkflowType": "Enrollment"}
    assert read({**shared, "Key": "4", "KeyDisplayName": "Web"}).covered == (
        ExportedKey(display_name="Web", value="4"),
    )
    assert read({**shared, "Key": 4}).covered == (ExportedKey(value="4"),)
    assert read({**shared, "Keys": [{"DisplayName": "Web"}]}).covered == (ExportedKey(display_name="Web"),)
    empties: list[dict[str, Any]] = [
        {},
        {"Key": None, "KeyDisplayName": None},
        {"Key": "", "KeyDisplayName": ""},
        {"Keys": []},
    ]
    for empty in empties:
        assert read({**shared, **empty}).covered == ()


def test_nothing_but_names_is_needed() -> None:
    exported = read(
        {"DisplayName": "A", "WorkflowType": "T", "Steps": [{"UniqueName": "S", "ExtensionName": "NOOPStep"}]}
    )
    (step,) = exported.all_steps
    assert (step.enabled, step.parameters, step.signals, step.conditions, step.outputs) == (True, {}, (), (), {})
    assert read({"DisplayName": "A", "WorkflowType": "T", "Steps": None}).all_steps == ()


def test_members_that_mean_nothing_here_are_told_with_their_place() -> None:
    document = {
        "displayName": "A",
        "DisplayName": "A",
        "WorkflowType": "T",
        "Colour": "red",
        "Steps": [
            {"UniqueName": "S", "ExtensionName": "E", "Shape": 1, "ConfigurationParameters": {"Any": {"Thing": 1}}},
            {"UniqueName": "T", "ExtensionName": "E", "Signals": [{"SignalName": "X", "Weight": 2}]},
        ],
    }
    assert unread_members(document, read(document)) == ("Colour", "Steps[0].Shape", "Steps[1].Signals[0].Weight")
