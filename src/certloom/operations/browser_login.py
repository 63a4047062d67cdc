"""Signing in with a browser: to the provider and back (code with PKCE, state, nonce), and a session that can be ended.

Sources: OpenID Connect Core 1.0, 3.1; RFC 7636; RFC 9207; OpenID Connect RP-Initiated Logout 1.0.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta
from urllib.parse import urlencode

import msgspec

from certloom.errors import Invalid, Unavailable
from certloom.identity.actor import Actor, system_actor
from certloom.identity.openid import read_statement
from certloom.identity.token import token_digest
from certloom.operations.access import Operation
from certloom.operations.accounts import actor_of
from certloom.operations.audit import entry
from certloom.operations.external_accounts import actor_by_statement
from certloom.operations.openid_provider import OpenIdProvider, StatementForged
from certloom.operations.services import Services
from certloom.store.accounts import read_account_by_id
from certloom.store.change import Change, Expect, GuardLost
from certloom.store.credentials import (
    LoginAttemptRow,
    SessionRow,
    count_login_attempts,
    read_login_attempt,
    read_session,
)
from certloom.store.moments import moment, text_of
from certloom.store.rows import Delete, Forget, Insert, Put

__all__ = ["Departure", "LoginNotOffered", "Session", "actor_by_session", "begin_login", "end_session", "finish_login"]

_ATTEMPT_LIFETIME = timedelta(minutes=10)
_MOST_ATTEMPTS = 10_000
"""Anybody may begin to sign in; the database must not grow with every time somebody does."""
_IDLE = timedelta(hours=1)
_NOTED_EVERY = timedelta(minutes=5)
_PURPOSE, _SESSION_PURPOSE = "login attempt", "session"
CALLBACK = "/Certloom/Login/Callback"


class LoginNotOffered(Invalid):
    """No provider is configured for browsers."""


class TooManyLogins(Unavailable):
    """More sign-ins are on their way than are kept."""


class Departure(msgspec.Struct, frozen=True):
    """Where the browser goes now, and the secret it must bring back."""

    address: str
    browser_secret: str


class Session(msgspec.Struct, frozen=True):
    """A browser that has just signed in: its secret, its account, and where it wanted to go."""

    secret: str
    actor: Actor
    return_to: str


class _Attempt(msgspec.Struct):
    nonce: str
    verifier: str
    return_to: str


async def begin_login(services: Services, provider: OpenIdProvider | None, return_to: str) -> Departure:
    """Send a browser to the provider. Raises LoginNotOffered or ProviderUnusable."""
    known = _offered(services, provider)
    endpoint = await known.address("authorization_endpoint")
    if endpoint is None:
        raise LoginNotOffered("The identity provider names no authorization_endpoint, so browsers cannot sign in.")
    state, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    attempt = _Attempt(secrets.token_urlsafe(32), secrets.token_urlsafe(48), _local(return_to))
    now = services.clock()
    row = LoginAttemptRow(
        state_digest=token_digest(state),
        browser_digest=token_digest(browser),
        sealed=services.seal.seal(msgspec.json.encode(attempt), _PURPOSE),
        expires_at=text_of(now + _ATTEMPT_LIFETIME),
    )
    if await count_login_attempts(services.database, text_of(now)) >= _MOST_ATTEMPTS:
        raise TooManyLogins("Very many sign-ins are on their way. Try again in a few minutes.")
    outdated = Forget(LoginAttemptRow, "expires_at", text_of(now))
    await services.database.commit(Change(writes=(outdated, Insert(row))))
    settings = services.settings
    asked = {
        "response_type": "code",
        "client_id": settings.oidc_client_id,
        "redirect_uri": _redirect_uri(services),
        "scope": settings.oidc_scopes,
        "state": state,
        "nonce": attempt.nonce,
        "code_challenge": _challenge(attempt.verifier),
        "code_challenge_method": "S256",
    }
    return Departure(f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}", browser)


async def finish_login(
    services: Services,
    provider: OpenIdProvider | None,
    *,
    state: str,
    code: str,
    issuer: str | None,
    browser_secret: str | None,
) -> Session:
    """Make a session of what the browser brings back. Each departure is good for one return.

    Raises LoginNotOffered, StatementForged for a return that nobody departed for, StatementRefused or ProviderUnusable.
    """
    known = _offered(services, provider)
    if issuer is not None and issuer != services.settings.oidc_issuer:
        raise StatementForged("The answer comes from another provider than the one that was asked.")
    attempt = await _taken(services, state, browser_secret)
    id_token = await known.code_exchanged(code, attempt.verifier, _redirect_uri(services))
    said = await known.id_token(id_token, attempt.nonce)
    settings = services.settings
    actor = await actor_by_statement(
        services, read_statement(said, settings.oidc_name_claim, settings.oidc_roles_claim)
    )
    secret, now = secrets.token_urlsafe(32), services.clock()
    row = SessionRow(
        digest=token_digest(secret),
        account_id=actor.account_id,
        created_at=text_of(now),
        last_seen_at=text_of(now),
        expires_at=text_of(now + timedelta(minutes=settings.session_minutes)),
        sealed_id_token=services.seal.seal(id_token.encode(), _SESSION_PURPOSE),
    )
    entity = ("Account", actor.display)
    audit = entry(services, actor.display, Operation.AUTHENTICATE, entity, "Signed in with a browser.")
    outdated = Forget(SessionRow, "expires_at", text_of(now))
    await services.database.commit(Change(writes=(outdated, Insert(row)), audit=(audit,)))
    return Session(secret, actor, attempt.return_to)


async def actor_by_session(services: Services, secret: str) -> Actor | None:
    """Who a session's browser is signed in as; None for one that is unknown, ended, idle or of nobody."""
    row = await read_session(services.database, token_digest(secret))
    now = services.clock()
    if row is None or moment(row.expires_at) <= now or moment(row.last_seen_at) + _IDLE <= now:
        return None
    account = await read_account_by_id(services.database, row.account_id)
    if account is None or account.disabled:
        return None
    if moment(row.last_seen_at) + _NOTED_EVERY <= now:
        await _note(services, msgspec.structs.replace(row, last_seen_at=text_of(now)))
    return await actor_of(services, account)


async def end_session(services: Services, provider: OpenIdProvider | None, secret: str) -> str:
    """End a session here, and say where the browser ends it at the provider. A session that is over ends again."""
    row = await read_session(services.database, token_digest(secret))
    home = services.settings.public_url or "/"
    if row is None:
        return home
    account = await read_account_by_id(services.database, row.account_id)
    who = account.display if account else system_actor("sign-out").display
    audit = entry(services, who, Operation.AUTHENTICATE, ("Account", who), "Signed out.")
    await services.database.commit(Change(writes=(Delete(SessionRow, (row.digest,)),), audit=(audit,)))
    endpoint = await _end_session_endpoint(provider)
    if endpoint is None:
        return home
    asked = {
        "id_token_hint": services.seal.open(row.sealed_id_token, _SESSION_PURPOSE).decode(),
        "client_id": services.settings.oidc_client_id,
        "post_logout_redirect_uri": f"{services.settings.public_url.rstrip('/')}/",
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


async def _end_session_endpoint(provider: OpenIdProvider | None) -> str | None:
    """Where sessions end at the provider. One that does not answer must not keep anybody signed in here."""
    try:
        return await provider.address("end_session_endpoint") if provider else None
    except Unavailable:
        return None


def _offered(services: Services, provider: OpenIdProvider | None) -> OpenIdProvider:
    if provider is None or not services.settings.oidc_client_id or not services.settings.public_url:
        raise LoginNotOffered(
            "Browsers cannot sign in here: the settings oidc_issuer, oidc_client_id and public_url are needed for that."
        )
    return provider


async def _taken(services: Services, state: str, browser_secret: str | None) -> _Attempt:
    """What a departure remembered; it is used up. Raises StatementForged."""
    row = await read_login_attempt(services.database, token_digest(state))
    is_own = row is not None and hmac.compare_digest(row.browser_digest, token_digest(browser_secret or ""))
    if row is None or not is_own or moment(row.expires_at) <= services.clock():
        raise StatementForged("This sign-in was not begun in this browser, was used already, or took too long.")
    guard = Expect(LoginAttemptRow, (row.state_digest,), "browser_digest", row.browser_digest)
    try:
        change = Change(guards=(guard,), writes=(Delete(LoginAttemptRow, (row.state_digest,)),))
        await services.database.commit(change)
    except GuardLost as error:
        raise StatementForged("This sign-in was used already. Begin again.") from error
    return msgspec.json.decode(services.seal.open(row.sealed, _PURPOSE), type=_Attempt)


async def _note(services: Services, row: SessionRow) -> None:
    guard = Expect(SessionRow, (row.digest,), "account_id", row.account_id)
    try:
        await services.database.commit(Change(guards=(guard,), writes=(Put(row),)))
    except GuardLost:
        # It was ended at the same moment, and must not come back.
        return


def _redirect_uri(services: Services) -> str:
    return services.settings.public_url.rstrip("/") + CALLBACK


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _local(return_to: str) -> str:
    """A path on this server, or its home: whoever made the link must not choose where the browser ends up."""
    is_path = return_to.startswith("/") and not return_to.startswith(("//", "/\\"))
    return return_to if is_path and return_to.isprintable() and "\\" not in return_to else "/"
