import base64
import io
import logging
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import structlog
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.api.conftest import BASE, ROOT, Site, make_csr, opened

from certloom.logs import set_up_logs
from certloom.operations.accounts import change_password, create_account
from certloom.operations.roles import assign_role

pytestmark = pytest.mark.asyncio(loop_scope="module")

KATES = "canary-password-of-kate-4711"
CHANGED = "canary-password-changed-4712"
WRONG = "canary-password-wrong-4713"
HEADER = "canary-header-4714"
BEARER = "eyJjYW5hcnk.canary-bearer-4715.sig"


def private_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def basic(password: str) -> str:
    return base64.b64encode(f"CORP\\kate:{password}".encode()).decode()


@dataclass
class Traces:
    """Everything a story left where somebody could read it: answers, log lines, and the files of the data folder."""

    folder: Path
    answers: list[bytes] = field(default_factory=list)
    log: str = ""

    def holding(self, secret: str) -> list[str]:
        """Where the secret is found."""
        places = {f"answer {number}": answer for number, answer in enumerate(self.answers)}
        places |= {"log": self.log.encode()}
        places |= {path.name: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        assert {"log", "certloom.db"} <= places.keys()
        needles = (secret.encode(), secret.encode("utf-16-le"), base64.b64encode(secret.encode()).rstrip(b"=")[:-1])
        return [place for place, content in places.items() if any(needle in content for needle in needles)]

    async def keep(self, answer: httpx.Response) -> httpx.Response:
        self.answers.append(str(answer.headers).encode() + answer.content)
        return answer


@contextmanager
def captured_log() -> Iterator[io.StringIO]:
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    set_up_logs("json", "debug", stream)
    try:
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()


@dataclass
class Story:
    """One story with canaries planted wherever a secret can be put."""

    csr_key: str
    traces: Traces


async def told(site: Site, traces: Traces, csr_key: str) -> None:
    await create_account(site.services, ROOT, "CORP\\kate", KATES)
    await assign_role(site.services, ROOT, "Requesters", "CORP\\kate")
    url = f"http://testserver{BASE}"
    enrolled = await traces.keep(
        await site.call("kate", "POST", "/Enrollment/CSR", {"CSR": make_csr(), "Template": "WebServer"}, password=KATES)
    )
    instance = enrolled.json()["CertificateInformation"]["WorkflowInstanceId"]
    await traces.keep(await site.signal("bob", instance))
    for csr in (csr_key, csr_key + make_csr(), make_csr() + csr_key, base64.b64encode(csr_key.encode()).decode()):
        body = {"CSR": csr, "Template": "WebServer"}
        answer = await traces.keep(await site.call("kate", "POST", "/Enrollment/CSR", body, password=KATES))
        assert answer.status_code == 400
    broken = f'{{"CSR": "{csr_key}", "Template": '.encode()
    await traces.keep(await site.call("kate", "POST", "/Enrollment/CSR", content=broken, password=KATES))
    await traces.keep(await site.call("kate", "GET", f"/Workflow/Instances?{HEADER}=1&SortField=Id", password=KATES))
    for header in (f"Bearer {BEARER}", f"Basic {HEADER}", f"Negotiate {HEADER}", f"{HEADER} x"):
        await traces.keep(await site.client.get(f"{url}/Templates", headers={"authorization": header}))
    for wrong in (WRONG, WRONG, KATES.upper()):
        await traces.keep(await site.call("kate", "GET", "/Templates", password=wrong))
    await change_password(site.services, ROOT, "CORP\\kate", CHANGED)
    await traces.keep(await site.call("kate", "GET", "/Templates", password=CHANGED))
    for path in (
        f"/Workflow/Instances/{instance}",
        "/Workflow/Instances",
        "/Security/Roles",
        "/Templates",
        "/Nonsense",
    ):
        await traces.keep(await site.get("admin", path))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def story(furnished_site: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Story]:
    folder = Path(shutil.copytree(furnished_site, tmp_path_factory.mktemp("secrets") / "data"))
    traces, csr_key = Traces(folder), private_key()
    with captured_log() as stream:
        async with opened(folder) as site:
            await told(site, traces, csr_key)
            traces.log = stream.getvalue()
            assert (folder / "certloom.db-wal").stat().st_size
            yield Story(csr_key, traces)


async def test_the_story_left_traces_in_which_a_canary_would_be_found(story: Story) -> None:
    assert {"log", "certloom.db-wal"} <= set(story.traces.holding("CORP\\\\kate"))
    assert "answer 0" in story.traces.holding("RequireApproval") + story.traces.holding("Awaiting 1 more")


@pytest.mark.parametrize("password", [KATES, KATES.upper(), CHANGED, WRONG])
async def test_b09_h05_no_password_is_found_in_any_answer_log_or_file(story: Story, password: str) -> None:
    assert story.traces.holding(password) == []


@pytest.mark.parametrize("password", [KATES, CHANGED, WRONG])
async def test_b09_h05_no_basic_credentials_are_found_in_any_answer_log_or_file(story: Story, password: str) -> None:
    assert story.traces.holding(basic(password)) == []


@pytest.mark.parametrize("secret", [HEADER, BEARER])
async def test_b09_h05_no_authorization_header_is_found_in_any_answer_log_or_file(story: Story, secret: str) -> None:
    assert story.traces.holding(secret) == []


async def test_b09_h05_a_private_key_sent_for_a_csr_is_found_in_no_answer_log_or_file(story: Story) -> None:
    lines = story.csr_key.strip().split("\n")[1:-1]
    assert [story.traces.holding(line) for line in lines] == [[], [], []]
