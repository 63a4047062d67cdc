"""Requests generated from the API's own description, sound and unsound, to a real server (check K05)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.api.conftest import PASSWORD
from tests.api.live import served

from certloom.api.application import routes
from certloom.api.openapi import description

CONFIG = SchemathesisConfig()
CONFIG.projects.default.generation.modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
DESCRIPTION = schemathesis.openapi.from_dict(description(routes(1_000_000).state.described), config=CONFIG)
ADMIN = ("CORP\\admin", PASSWORD)
CONFORMANCE = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def port(furnished_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("fuzz")
    with served(furnished_site, folder, enroll_wait_seconds=0.2, lockout_threshold=1_000_000) as opened:
        yield opened


@DESCRIPTION.parametrize()
@settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_k05_whoever_asks_is_answered_as_the_description_says(case: Case[Any], port: int) -> None:
    case.headers.pop("Authorization", None)
    nobody = case.call_and_validate(base_url=f"http://127.0.0.1:{port}", checks=CONFORMANCE)
    assert (nobody.status_code == 401) is case.operation.path.startswith("/KeyfactorAPI/")
    case.call_and_validate(base_url=f"http://127.0.0.1:{port}", auth=ADMIN, checks=CONFORMANCE)
