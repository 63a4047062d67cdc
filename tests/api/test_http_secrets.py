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
NEW = "canary-password-new-4716"
REFUSED = "canary-password-refused-4717"
CLIENT_SECRET = "canary-client-secret-4718"
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
    token: str


async def people(site: Site, traces: Traces) -> str:
    """Passwords and a token over the API; the token's secret, whose own answer is not a trace."""
    users = "/Certloom/Users"
    made = await traces.keep(await site.call("admin", "POST", users, {"Name": "CORP\\kurt", "Password": NEW}))
    for body in ({"Name": "CORP\\kurt", "Password": REFUSED}, {"Name": "CORP\\k:x", "Password": REFUSED}):
        assert (await traces.keep(await site.call("admin", "POST", users, body))).status_code == 400
    path = f"{users}/{made.json()['Id']}/Password"
    await traces.keep(await site.call("admin", "PUT", path, {"Password": NEW[::-1]}))
    own = {"Current": REFUSED, "Password": NEW}
    await traces.keep(await site.call("kurt", "PUT", f"{users}/My/Password", own, password=NEW[::-1]))
    token = str((await site.call("admin", "POST", "/Certloom/Tokens", {"Name": "canary"})).json()["Secret"])
    for path in (
        "/Security/My",
        "/Certloom/Tokens",
        users,
        "/Audit?ReturnLimit=1000",
        "/Audit/Download",
        "/Security/Identities",
    ):
        fields = {"authorization": f"Bearer {token}"}
        assert (await traces.keep(await site.call(None, "GET", path, headers=fields))).status_code == 200
    await traces.keep(await site.call(None, "GET", "/Security/My", headers={"authorization": f"Bearer {token}x"}))
    await traces.keep(await site.client.get("http://testserver/Certloom/Login"))
    return token


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
        # Nothing listens there: what is said about a provider that does not answer must not hold our secret.
        settings = {"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "certloom", "oidc_audience": "certloom"}
        async with opened(folder, oidc_client_secret=CLIENT_SECRET, public_url="http://testserver", **settings) as site:
            await told(site, traces, csr_key)
            token = await people(site, traces)
            traces.log = stream.getvalue()
            assert (folder / "certloom.db-wal").stat().st_size
            yield Story(csr_key, traces, token)


async def test_the_story_left_traces_in_which_a_canary_would_be_found(story: Story) -> None:
    assert {"log", "certloom.db-wal"} <= set(story.traces.holding("CORP\\\\kate"))
    assert "answer 0" in story.traces.holding("RequireApproval") + story.traces.holding("Awaiting 1 more")


async def test_b09_h05_no_token_is_found_in_any_answer_log_or_file_but_the_answer_that_made_it(story: Story) -> None:
    assert story.traces.holding(story.token) == []


@pytest.mark.parametrize("password", [KATES, KATES.upper(), CHANGED, WRONG, NEW, NEW[::-1], REFUSED, CLIENT_SECRET])
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
