import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.api.conftest import Site, linear, opened
from tests.conftest import Install

CANARY = "canary-of-a-ticket-system"


@pytest.fixture
def data_folder(furnished_site: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(furnished_site, tmp_path / "data"))


async def ticket(site: Site, *steps: dict[str, object]) -> tuple[int, dict[str, Any]]:
    """What saving and publishing these steps answers, and its body."""
    body = {"DisplayName": "Ticket", "WorkflowType": "Enrollment", "Key": "Ticketed"}
    made = await site.call("admin", "POST", "/Workflow/Definitions", body)
    path = f"/Workflow/Definitions/{made.json()['Id']}"
    saved = await site.call("admin", "PUT", f"{path}/Steps", linear(*steps, {"ExtensionName": "EnrollStep"}))
    if saved.status_code == 200:
        saved = await site.call("admin", "POST", f"{path}/Publish")
    else:
        await site.call("admin", "DELETE", path)
    return saved.status_code, saved.json()


async def test_it_is_in_the_catalogue_in_the_checks_and_runs_with_no_other_change(
    install: Install, data_folder: Path
) -> None:
    install(ticket="acme_steps:Ticket")
    async with opened(data_folder) as site:
        await site.template("Ticketed")
        rows = (await site.get("admin", "/Workflow/Definitions/Steps?ReturnLimit=100")).json()
        assert "AcmeTicket" in [row["ExtensionName"] for row in rows]
        one = (await site.get("admin", "/Workflow/Definitions/Steps/acmeticket")).json()
        assert one["ConfigurationParametersDefinition"]["ApiKey"]["ParameterType"] == 7
        status, body = await ticket(site, {"ExtensionName": "AcmeTicket", "ConfigurationParameters": {"Nonsense": 1}})
        assert (status, [fault["Rule"] for fault in body["Faults"]]) == (400, ["parameter-invalid"])
        parameters = {"Queue": "PKI", "ApiKey": CANARY}
        status, body = await ticket(site, {"ExtensionName": "AcmeTicket", "ConfigurationParameters": parameters})
        assert status == 200
        assert CANARY not in str(body)
        instance = await site.instance(await site.started("admin", "Ticketed"))
        assert instance["CurrentStateData"]["Ticket"] == f"PKI-{len(CANARY)}"
        assert CANARY not in str(instance)


async def test_a_broken_package_is_named_at_start_and_everything_else_goes_on(
    install: Install, data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(broken="acme_steps:Absent")
    async with opened(data_folder) as site:
        assert (await site.get("admin", "/Workflow/Definitions")).status_code == 200
    told = capsys.readouterr().out
    assert "left out" in told
    assert "acme-steps 1.2" in told
