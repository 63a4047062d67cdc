"""Exported files as Hypothesis makes them, in both forms of the API."""

import os
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

EXPORTS = Path(os.environ.get("CERTLOOM_EXPORTS", Path(__file__).parents[3] / "shared" / "data" / "exports"))
OWN = Path(__file__).parents[1] / "data" / "definitions"
FILES = [*sorted(OWN.glob("*.json")), *sorted(EXPORTS.glob("*.json"))]
"""Our own exported files, and whichever of others lie in the folder CERTLOOM_EXPORTS names."""

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
names = st.text("abcXYZ 09-_", min_size=1, max_size=10)
guids = st.uuids().map(str)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
v1_signals = st.fixed_dictionaries(
    {"RoleIds": st.lists(st.integers(1, 99), max_size=3), "SignalName": names},
    optional={"RoleTokens": st.lists(texts, max_size=2)},
)
v2_signals = st.fixed_dictionaries(
    {
        "SignalName": names,
        "Roles": st.lists(
            st.fixed_dictionaries({"RoleId": st.none() | st.integers(1, 99).map(str), "RoleName": st.none() | names}),
            max_size=3,
        ),
        "RoleTokens": st.lists(texts, max_size=2),
    }
)


def steps(signals: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "Id": guids,
            "DisplayName": texts,
            "UniqueName": names,
            "ExtensionName": names,
            "Enabled": st.booleans(),
            "ConfigurationParameters": st.dictionaries(texts, values, max_size=4),
            "Signals": st.lists(signals, max_size=2),
            "Conditions": st.lists(st.fixed_dictionaries({"Id": guids, "Value": texts}), max_size=2),
            "Outputs": st.dictionaries(names, names, max_size=2),
        }
    )


SHARED: dict[str, st.SearchStrategy[Any]] = {
    "Id": guids,
    "DisplayName": texts,
    "Description": st.none() | texts,
    "WorkflowType": names,
    "IsPublished": st.booleans(),
    "DraftVersion": st.integers(1, 99),
    "PublishedVersion": st.none() | st.integers(1, 99),
    "Enabled": st.booleans(),
}
v1_documents = st.fixed_dictionaries(
    {
        **SHARED,
        "Key": st.none() | st.integers(1, 99).map(str),
        "KeyDisplayName": st.none() | names,
        "Steps": st.lists(steps(v1_signals), max_size=4),
    }
)
v2_documents = st.fixed_dictionaries(
    {
        **SHARED,
        "Keys": st.lists(
            st.fixed_dictionaries({"DisplayName": st.none() | names, "Value": st.none() | names}), max_size=3
        ),
        "Steps": st.lists(steps(v2_signals), max_size=4),
    }
)
documents = v1_documents | v2_documents
