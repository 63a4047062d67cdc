from typing import Any

import msgspec
from hypothesis import given
from tests.workflow.exported_strategies import documents

from certloom.workflow.exported import ExportedDefinition, ExportedKey, document_of
from certloom.workflow.import_map import ImportMap, filled, unused_entries


def definition(*steps: dict[str, Any], **fields: Any) -> ExportedDefinition:
    whole = {"DisplayName": "A", "WorkflowType": "Enrollment", "Steps": list(steps), **fields}
    return msgspec.convert(whole, ExportedDefinition)


def step(name: str = "Decide", **fields: Any) -> dict[str, Any]:
    return {"UniqueName": name, "ExtensionName": "RequireApproval", **fields}


def signals(exported: ExportedDefinition) -> list[Any]:
    return [document_of(exported)["Steps"][0]["Signals"]]


def test_d07_ids_of_another_system_never_name_anything_here() -> None:
    foreign = definition(
        step(Signals=[{"RoleIds": [1, 2], "SignalName": "ApprovalStatus"}]), Key="1", KeyDisplayName="Web"
    )
    result = filled(foreign, ImportMap())
    assert result.covered == (ExportedKey(display_name="Web"),)
    assert signals(result) == [[{"RoleIds": [1, 2], "SignalName": "ApprovalStatus", "Roles": []}]]


def test_keys_are_filled_by_display_name_or_id_ignoring_case() -> None:
    for name in ("web SERVER", "31"):
        result = filled(definition(Key="31", KeyDisplayName="Web server"), ImportMap(keys={name: "WebServer"}))
        assert result.covered == (ExportedKey(display_name="Web server", value="WebServer"),)


def test_roles_are_filled_by_name_or_id_and_what_the_map_leaves_out_stays_to_be_told() -> None:
    both = definition(
        step(
            Signals=[
                {"SignalName": "A", "Roles": [{"RoleId": "7", "RoleName": "PKI team"}, {"RoleName": "Others"}]},
                {"SignalName": "B", "RoleIds": [7, 9]},
            ]
        )
    )
    given_map = ImportMap(roles={"pki TEAM": "Approvers", "7": "Approvers"})
    assert signals(filled(both, given_map)) == [
        [
            {"RoleIds": [], "SignalName": "A", "Roles": [{"RoleName": "Approvers"}, {"RoleName": "Others"}]},
            {"RoleIds": [9], "SignalName": "B", "Roles": [{"RoleName": "Approvers"}]},
        ]
    ]


def test_a_signal_can_be_given_its_roles_whether_the_file_names_it_or_not() -> None:
    given_map = ImportMap(signals={"decide.approvalstatus": ("Approvers", "Chiefs")})
    named = [{"SignalName": "ApprovalStatus", "Roles": [{"RoleName": "Approvers"}, {"RoleName": "Chiefs"}]}]
    assert signals(filled(definition(step(Signals=[{"SignalName": "ApprovalStatus", "RoleIds": [3]}])), given_map)) == [
        named
    ]
    added = signals(filled(definition(step()), given_map))
    assert added == [[{**named[0], "SignalName": "approvalstatus"}]]


def test_secrets_and_parameters_are_put_where_the_file_spells_them() -> None:
    parameters = {"client_secret": None, "TokenEndpoint": None, "URL": "https://a.example"}
    given_map = ImportMap(
        secrets={"Decide.CLIENT_SECRET": "s3cret"},
        parameters={"decide": {"tokenendpoint": "https://login.example", "Extra": 1}},
    )
    result = filled(definition(step(ConfigurationParameters=parameters), step("Other")), given_map)
    assert result.all_steps[0].parameters == {
        "client_secret": "s3cret",
        "TokenEndpoint": "https://login.example",
        "URL": "https://a.example",
        "Extra": 1,
    }
    assert result.all_steps[1].parameters == {}


def test_entries_nothing_in_the_file_is_called_by_are_told() -> None:
    given_map = ImportMap(
        keys={"Web": "1", "Wbe": "1"},
        roles={"PKI": "A", "9": "B", "8": "B"},
        signals={"Decide.ApprovalStatus": ("A",), "Decade.ApprovalStatus": ("A",)},
        secrets={"Decide.client_secret": "x", "client_secret": "x"},
        parameters={"decide": {}, "Decade": {}},
    )
    file = definition(
        step(Signals=[{"SignalName": "A", "RoleIds": [9], "Roles": [{"RoleName": "pki"}]}]), KeyDisplayName="web"
    )
    assert unused_entries(file, given_map) == (
        "keys.Wbe",
        "roles.8",
        "parameters.Decade",
        "signals.Decade.ApprovalStatus",
        "secrets.client_secret",
    )


@given(documents)
def test_d07_without_a_map_a_filled_file_keeps_its_steps_and_loses_every_id_of_keys_and_roles(
    document: dict[str, Any],
) -> None:
    file = msgspec.convert(document, ExportedDefinition)
    result = document_of(filled(file, ImportMap()))
    assert [key for key in result["Keys"] if "Value" in key] == []
    roles = [
        role for one in result["Steps"] for signal in one["Signals"] for role in signal["Roles"] if "RoleId" in role
    ]
    assert roles == []
    for name in ("UniqueName", "ConfigurationParameters", "Outputs", "Conditions", "Enabled"):
        assert [one[name] for one in result["Steps"]] == [one[name] for one in document["Steps"]]
