import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.identity import permission
from certloom.identity.known_permissions import KNOWN_PERMISSIONS, OLD_PERMISSIONS
from certloom.identity.permission import (
    ADMINISTER,
    MANAGE_INSTANCES,
    READ_CERTIFICATES,
    READ_INSTANCES,
    READ_MY_INSTANCES,
    READ_PENDING_INSTANCES,
    PermissionUnknown,
    canonical,
    grants,
)

known = st.sampled_from(sorted(KNOWN_PERMISSIONS))


def test_the_root_grants_everything() -> None:
    assert all(grants([ADMINISTER], needed) for needed in KNOWN_PERMISSIONS)


def test_reading_all_instances_includes_mine_and_pending() -> None:
    assert grants([READ_INSTANCES], READ_MY_INSTANCES)
    assert grants([READ_INSTANCES], READ_PENDING_INSTANCES)
    assert not grants([READ_INSTANCES], MANAGE_INSTANCES)


def test_a_narrow_permission_does_not_grant_the_wide_one() -> None:
    assert not grants([READ_MY_INSTANCES, READ_PENDING_INSTANCES], READ_INSTANCES)


def test_only_whole_segments_count() -> None:
    assert not grants(["/certificate/"], "/certificate_templates/read/")
    assert not grants(["/cert"], READ_CERTIFICATES)


def test_case_is_ignored() -> None:
    assert grants(["/Workflows/INSTANCES"], READ_MY_INSTANCES)


@pytest.mark.parametrize("held", ["", " ", "//", "*", "workflows/", "/ ", "///workflows/"])
def test_a_held_text_that_is_no_path_grants_nothing(held: str) -> None:
    assert not grants([held], READ_INSTANCES)


def test_a_permission_for_one_collection_is_for_that_one_only() -> None:
    held = [f"{READ_CERTIFICATES}7/"]

    assert grants(held, f"{READ_CERTIFICATES}7/")
    assert not grants(held, f"{READ_CERTIFICATES}77/")
    assert not grants(held, READ_CERTIFICATES)
    assert grants([READ_CERTIFICATES], f"{READ_CERTIFICATES}7/")


@given(held=known, needed=known)
def test_a_permission_grants_exactly_what_lies_below_it(held: str, needed: str) -> None:
    above = [segment for segment in held.split("/") if segment]
    below = [segment for segment in needed.split("/") if segment]

    assert grants([held], needed) == (below[: len(above)] == above)


@given(path=known)
def test_every_known_permission_is_its_own_canonical_form_in_any_case(path: str) -> None:
    assert canonical(path) == path
    assert canonical(path.upper()) == path
    assert canonical(path.rstrip("/") or "/") == path


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("WorkflowInstances:ReadAll", "/workflows/instances/read/"),
        ("WorkflowInstances: ReadMy", "/workflows/instances/read/mine/"),
        ("workflowinstances:readassignedtome", "/workflows/instances/read/pending/"),
        ("WorkflowInstances:Manage", "/workflows/instances/manage/"),
        ("WorkflowDefinitions:Modify", "/workflows/definitions/modify/"),
        ("CertificateEnrollment:EnrollCSR", "/certificates/enrollment/csr/"),
        ("SecuritySettings:Read", "/security/read/"),
    ],
)
def test_strings_of_the_older_model_are_translated(old: str, new: str) -> None:
    assert canonical(old) == new


def test_every_translation_leads_to_a_known_permission() -> None:
    assert set(OLD_PERMISSIONS.values()) <= KNOWN_PERMISSIONS


def test_every_exported_constant_is_a_known_permission() -> None:
    constants = [getattr(permission, name) for name in permission.__all__ if name.isupper()]

    assert len(constants) > 20
    assert set(constants) <= KNOWN_PERMISSIONS


def test_collections_and_containers_may_be_named_by_id() -> None:
    assert canonical("/certificates/collections/revoke/12") == "/certificates/collections/revoke/12/"
    assert canonical("/certificate_stores/schedule/3/") == "/certificate_stores/schedule/3/"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "//",
        "/workflows/instances/reed/",
        "/workflows/instances/read/7/",
        "/certificates/collections/7/",
        "/certificates/collections/revoke/-1/",
        "/certificates/collections/revoke/\u0663/",
        "WorkflowInstances:Everything",
        "x" * 5000,
    ],
)
def test_unknown_permissions_are_refused(text: str) -> None:
    with pytest.raises(PermissionUnknown):
        canonical(text)


def test_the_refusal_names_the_nearest_known_permission() -> None:
    with pytest.raises(PermissionUnknown, match="'/workflows/instances/read/'"):
        canonical("/workflow/instances/read/")
