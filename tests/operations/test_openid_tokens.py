"""B08: which tokens of a provider are believed. The provider here is ours: it signs what no real one would."""

import base64
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from joserfc import jwk, jwt
from tests.operations.conftest import MovableClock
from typing_extensions import override

from certloom.errors import CertloomError, Unavailable
from certloom.identity.claim import ClaimType
from certloom.identity.openid import StatementRefused, read_statement
from certloom.operations.openid_provider import (
    OpenIdProvider,
    ProviderUnusable,
    StatementForged,
    configured_provider,
)
from certloom.outbound.http import NotReached
from certloom.settings import SettingInvalid, Settings

AUDIENCE, CLIENT = "https://certloom.test/api", "certloom"
KEY = jwk.RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, private=True)
OTHER = jwk.RSAKey.generate_key(2048, {"kid": "two", "use": "sig"}, private=True)
CURVE = jwk.ECKey.generate_key("P-256", {"kid": "curve", "use": "sig"}, private=True)


class Published(ThreadingHTTPServer):
    """What a provider publishes, to be changed by a test, and how often it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.discovery: dict[str, Any] = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}
        self.keys: list[Any] = [KEY.as_dict(private=False), CURVE.as_dict(private=False)]
        self.asked: list[str] = []
        self.redirect = ""


class Asked(BaseHTTPRequestHandler):
    @override
    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        site = self.server
        assert isinstance(site, Published)
        site.asked.append(self.path)
        body = json.dumps(site.discovery if self.path.startswith("/.well-known") else {"keys": site.keys}).encode()
        self.send_response(302 if site.redirect else 200)
        if site.redirect:
            self.send_header("location", site.redirect)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def published() -> Iterator[Published]:
    site = Published()
    thread = Thread(target=site.serve_forever)
    thread.start()
    yield site
    site.shutdown()
    thread.join()
    site.server_close()


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def provider(published: Published, clock: MovableClock) -> Any:
    settings = Settings(
        oidc_issuer=published.issuer,
        oidc_client_id=CLIENT,
        oidc_audience=AUDIENCE,
        oidc_algorithms=("RS256", "ES256"),
    )
    made = configured_provider(settings, clock, None)
    assert made is not None
    yield made
    await made.close()


def said(published: Published, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {"iss": published.issuer, "aud": AUDIENCE, "sub": "s1", "iat": now, "exp": now + 300, "nonce": "n1"}
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def signed(claims: dict[str, Any], key: Any = KEY, **header: Any) -> str:
    whole = {"alg": "RS256", "kid": "one", **header}
    return jwt.encode({name: v for name, v in whole.items() if v is not None}, claims, key, algorithms=[whole["alg"]])


async def test_b08_a_token_signed_by_the_provider_for_us_is_believed(
    provider: OpenIdProvider, published: Published
) -> None:
    assert (await provider.access_token(signed(said(published))))["sub"] == "s1"
    assert (await provider.access_token(signed(said(published), typ="at+jwt")))["sub"] == "s1"
    assert (await provider.access_token(signed(said(published), CURVE, alg="ES256", kid="curve")))["sub"] == "s1"
    assert (await provider.access_token(signed(said(published, aud=["other", AUDIENCE]))))["sub"] == "s1"


WRONG: Mapping[str, Mapping[str, Any]] = {
    "another issuer": {"iss": "https://elsewhere.example"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "https://elsewhere.example"},
    "the client, as an id token has": {"aud": CLIENT},
    "an audience that only begins like ours": {"aud": f"{AUDIENCE}/more"},
    "no audience": {"aud": None},
    "an audience of another shape": {"aud": {AUDIENCE: True}},
    "expired": {"exp": int(time.time()) - 120},
    "no expiry": {"exp": None},
    "an expiry that is text": {"exp": "tomorrow"},
    "not yet": {"nbf": int(time.time()) + 600},
    "no subject": {"sub": None},
    "a subject that is a list": {"sub": ["s1"]},
}


@pytest.mark.parametrize("case", WRONG)
async def test_b08_claims_that_are_not_for_us_or_not_for_now_are_refused(
    provider: OpenIdProvider, published: Published, case: str
) -> None:
    with pytest.raises(StatementForged):
        await provider.access_token(signed(said(published, **WRONG[case])))


def part(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def with_public_key_as_secret(signing_input: str) -> str:
    mac = hmac.digest(KEY.as_pem(private=False), signing_input.encode(), "sha256")
    return f"{signing_input}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


async def test_b08_the_algorithm_is_ours_to_choose_and_not_the_tokens(
    provider: OpenIdProvider, published: Published
) -> None:
    claims = said(published)
    unsigned = f"{part({'alg': 'none', 'kid': 'one'})}.{part(claims)}."
    confused = with_public_key_as_secret(f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(claims)}")
    unpinned = jwt.encode({"alg": "PS256", "kid": "one"}, claims, KEY, algorithms=["PS256"])
    crossed = signed(claims, alg="RS256", kid="curve")
    for token in (unsigned, unsigned.replace("bm9uZS", "Tm9uZS"), confused, unpinned, crossed):
        with pytest.raises(StatementForged):
            await provider.access_token(token)


async def test_b08_a_symmetric_key_that_a_provider_publishes_signs_nothing(
    provider: OpenIdProvider, published: Published
) -> None:
    secret = jwk.OctKey.generate_key(256, {"kid": "shared", "use": "sig"})
    published.keys.append(secret.as_dict(private=True))
    published.keys.append({"kty": "unheard of"})
    token = jwt.encode({"alg": "HS256", "kid": "shared"}, said(published), secret, algorithms=["HS256"])
    with pytest.raises(StatementForged):
        await provider.access_token(token)
    assert await provider.access_token(signed(said(published)))


async def test_b08_a_key_that_the_token_brings_is_not_looked_at(provider: OpenIdProvider, published: Published) -> None:
    own = OTHER.as_dict(private=False)
    for header in ({"jwk": own}, {"jwk": own, "kid": None}, {"jku": "http://127.0.0.1:1/keys"}):
        with pytest.raises(StatementForged):
            await provider.access_token(signed(said(published), OTHER, **header))


async def test_b08_a_changed_payload_and_a_signature_of_another_key_are_refused(
    provider: OpenIdProvider, published: Published
) -> None:
    head, _, signature = signed(said(published)).split(".")
    for token in (f"{head}.{part(said(published, sub='admin'))}.{signature}", signed(said(published), OTHER)):
        with pytest.raises(StatementForged):
            await provider.access_token(token)


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "..", "é.é.é", "a.b.c.d.e", "x" * 20_000, "eyJ9.e30."])
async def test_b08_what_is_no_token_is_refused(provider: OpenIdProvider, token: str) -> None:
    with pytest.raises(StatementForged):
        await provider.access_token(token)


@pytest.mark.parametrize("kind", ["logout+jwt", "secevent+jwt", "dpop+jwt"])
async def test_b08_a_token_of_another_type_is_no_access_token(
    provider: OpenIdProvider, published: Published, kind: str
) -> None:
    with pytest.raises(StatementForged, match="no access token"):
        await provider.access_token(signed(said(published), typ=kind))


async def test_b08_an_id_token_answers_one_login_of_one_client(provider: OpenIdProvider, published: Published) -> None:
    def answer(**changes: Any) -> str:
        return signed(said(published, aud=CLIENT, **changes))

    assert (await provider.id_token(answer(), "n1"))["sub"] == "s1"
    assert (await provider.id_token(answer(azp=CLIENT), "n1"))["sub"] == "s1"
    wrong = (answer(nonce="n2"), answer(nonce=None), answer(azp="other"), signed(said(published)))
    several = signed(said(published, aud=[CLIENT, "other"]))
    for token in (*wrong, several):
        with pytest.raises(StatementForged):
            await provider.id_token(token, "n1")


async def test_b08_an_unknown_key_is_looked_for_and_at_most_once_a_minute(
    provider: OpenIdProvider, published: Published, clock: MovableClock
) -> None:
    assert await provider.access_token(signed(said(published)))
    published.keys.append(OTHER.as_dict(private=False))
    rotated = signed(said(published), OTHER, kid="two")
    for _ in range(5):
        with pytest.raises(StatementForged, match="does not have"):
            await provider.access_token(rotated)
    assert published.asked.count("/keys") == 1
    clock.moved += timedelta(minutes=1)
    assert await provider.access_token(rotated)
    assert published.asked.count("/keys") == 2


async def test_b08_a_key_that_was_withdrawn_is_forgotten_within_the_hour(
    provider: OpenIdProvider, published: Published, clock: MovableClock
) -> None:
    token = signed(said(published, exp=int(time.time()) + 7200))
    assert await provider.access_token(token)
    published.keys = [OTHER.as_dict(private=False)]
    clock.moved += timedelta(hours=1)
    with pytest.raises(StatementForged):
        await provider.access_token(token)


async def test_a_provider_that_calls_itself_otherwise_is_not_believed(
    provider: OpenIdProvider, published: Published
) -> None:
    published.discovery["issuer"] = f"{published.issuer}/"
    with pytest.raises(ProviderUnusable, match="letter for letter"):
        await provider.access_token(signed(said(published)))


@pytest.mark.parametrize("elsewhere", ["http://127.0.0.1:9/keys", "http://169.254.169.254/keys", "", "/keys"])
async def test_c04_a_provider_sends_us_nowhere_but_to_itself(
    provider: OpenIdProvider, published: Published, elsewhere: str
) -> None:
    published.discovery["jwks_uri"] = elsewhere
    with pytest.raises(ProviderUnusable):
        await provider.access_token(signed(said(published)))
    assert published.asked == ["/.well-known/openid-configuration"]


async def test_a_provider_that_did_not_answer_is_left_alone_for_a_moment(
    provider: OpenIdProvider, published: Published, clock: MovableClock
) -> None:
    published.redirect = "http://127.0.0.1:9/"
    for _ in range(3):
        with pytest.raises(Unavailable):
            await provider.access_token(signed(said(published)))
    assert len(published.asked) == 1
    published.redirect = ""
    clock.moved += timedelta(seconds=5)
    assert await provider.access_token(signed(said(published)))


async def test_c04_a_redirect_of_the_provider_is_not_followed(provider: OpenIdProvider, published: Published) -> None:
    published.redirect = "http://127.0.0.1:9/"
    with pytest.raises(NotReached):
        await provider.access_token(signed(said(published)))


def read(**claims: Any) -> frozenset[tuple[ClaimType, str]]:
    return read_statement({"sub": "s1", **claims}, "preferred_username", "groups").claims


def test_b08_a_text_stands_for_one_role_and_is_never_searched_in() -> None:
    found = read(groups="certificate-admins staff")
    assert {value for kind, value in found if kind is ClaimType.OAUTH_ROLE} == {"certificate-admins staff"}


@pytest.mark.parametrize("groups", [7, True, {"admins": True}, ["admins", 7], [["admins"]], [None]])
def test_b08_roles_of_another_shape_are_refused(groups: Any) -> None:
    with pytest.raises(StatementRefused, match="no list of texts"):
        read(groups=groups)


@pytest.mark.parametrize("claims", [{"_claim_names": {"groups": "src1"}}, {"hasgroups": True}])
def test_b08_groups_that_were_left_out_are_told_and_not_taken_for_none(claims: dict[str, Any]) -> None:
    with pytest.raises(StatementRefused, match="too many"):
        read(**claims)


def test_b08_absent_groups_are_none() -> None:
    assert read() == {(ClaimType.OAUTH_SUBJECT, "s1")}
    assert read(groups=[]) == read(groups=None) == read()


def test_roles_may_stand_further_in() -> None:
    said_so = {"sub": "s1", "realm_access": {"roles": ["a", "b"]}, "realm_access.roles": None}
    del said_so["realm_access.roles"]
    found = read_statement(said_so, "preferred_username", "realm_access.roles").claims
    assert {value for kind, value in found if kind is ClaimType.OAUTH_ROLE} == {"a", "b"}


def test_b08_a_persons_token_does_not_speak_for_the_program_it_was_issued_to() -> None:
    person = read(azp="pipeline", client_id="pipeline")
    assert all(kind is not ClaimType.OAUTH_CLIENT_ID for kind, _ in person)
    itself = read_statement({"sub": "pipeline", "client_id": "pipeline"}, "preferred_username", "groups").claims
    assert (ClaimType.OAUTH_CLIENT_ID, "pipeline") in itself


@pytest.mark.parametrize("sub", [None, "", 7, "x" * 256])
def test_b08_without_a_subject_nobody_is_known(sub: Any) -> None:
    with pytest.raises(CertloomError):
        read_statement({"sub": sub}, "preferred_username", "groups")


@pytest.mark.parametrize(
    "wrong",
    [
        {"oidc_issuer": "http://idp.corp.example"},
        {"oidc_issuer": "idp.corp.example"},
        {"oidc_algorithms": ("HS256",)},
        {"oidc_algorithms": ("none",)},
        {"oidc_algorithms": ()},
        {"oidc_scheme": "Certloom"},
    ],
    ids=str,
)
def test_b08_settings_that_would_not_be_safe_are_refused_at_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingInvalid):
        configured_provider(Settings(**{"oidc_issuer": "https://idp.corp.example", **wrong}), MovableClock(), None)
