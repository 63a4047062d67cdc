"""Settings: one record, read once at start from defaults, a file, the environment and the command line."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, get_type_hints

import msgspec
from msgspec import Meta

from certloom.errors import Invalid

__all__ = ["BasePath", "Configuration", "EnumerationForm", "Origin", "SettingInvalid", "SettingUnknown",
           "Settings", "SettingsFileUnreadable", "read_settings"]  # fmt: skip

PREFIX = "CERTLOOM_"
SECRETS = frozenset({"bootstrap_admin_password", "mail_password", "oidc_client_secret"})
"""Settings that are never shown, and that ``CERTLOOM_<NAME>_FILE`` may read from a file of their own."""

LISTS = frozenset({"oidc_algorithms", "outbound_allow", "trusted_proxies"})
"""Settings that hold several values; as text they are parted by commas."""

EnumerationForm = Literal["names", "numbers"]
BasePath = Annotated[str, Meta(pattern=r"^(/[A-Za-z0-9._-]+)+$")]

BASE_PATHS: Mapping[BasePath, EnumerationForm] = {
    "/KeyfactorAPI": "names",
    "/Keyfactor/API": "names",
    "/KeyfactorAPI-sdk": "numbers",
}
"""Where clients look for the API, in any case, and how enumerations are written there (api-surface 2.1)."""


class SettingUnknown(Invalid):
    """A setting that does not exist: most likely a misspelled one that would silently do nothing."""


class SettingInvalid(Invalid):
    """A setting whose value cannot be used."""


class SettingsFileUnreadable(Invalid):
    """A settings or secret file that does not exist, may not be read, or is no TOML."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an operator can set. Times are in the unit their name says; folders and files are paths."""

    data_folder: Annotated[
        str,
        Meta(description="Where database, key file and the server's certificate live. Created for its owner only."),
    ] = "certloom-data"
    host: Annotated[
        str, Meta(min_length=1, description="Address to listen on. Anything but loopback needs TLS or insecure_http.")
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8080
    base_paths: Annotated[
        dict[BasePath, EnumerationForm],
        Meta(description="Where the API is served → how it writes enumerations; as text: /api=names,/sdk=numbers."),
    ] = msgspec.field(default_factory=lambda: dict(BASE_PATHS))
    public_url: Annotated[
        str, Meta(description="The address clients use, where something stands in front of the server.")
    ] = ""
    pki_url: Annotated[
        str,
        Meta(pattern=r"^(http://[^/?#\s]+(/[^?#\s]*)?)?$", description="Where everybody reaches /pki, with http://."),
    ] = ""
    crl_lifetime_hours: Annotated[
        int, Meta(ge=1, le=8760, description="From a CRL's thisUpdate to its nextUpdate.")
    ] = 96
    crl_overlap_percent: Annotated[
        int, Meta(ge=10, le=90, description="How much of its lifetime a CRL has left when the next one follows.")
    ] = 75
    ocsp_lifetime_minutes: Annotated[
        int, Meta(ge=5, le=14400, description="How long an OCSP response may be used.")
    ] = 60
    default_domain: Annotated[str, Meta(description="The domain of a user name that has none.")] = ""
    tls_cert: Annotated[str, Meta(description="Certificate chain in PEM, the server's own first.")] = ""
    tls_key: Annotated[str, Meta(description="The private key of tls_cert in PEM, not encrypted.")] = ""
    tls_auto: Annotated[
        bool, Meta(description="Let the embedded authority issue and renew the server's certificate.")
    ] = False
    insecure_http: Annotated[
        bool,
        Meta(
            description="Accept passwords over plain HTTP from other machines: only where something in front ends TLS."
        ),
    ] = False
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses or networks of proxies whose word about the client is taken; as text: 10.0.0.1,::1."
        ),
    ] = ()
    proxy_header: Annotated[
        Literal["x-forwarded-for", "forwarded"],
        Meta(description="The header those proxies write: X-Forwarded-For with X-Forwarded-Proto, or Forwarded."),
    ] = "x-forwarded-for"
    enroll_wait_seconds: Annotated[
        float,
        Meta(ge=0, le=60, description="How long a request waits for its workflow before it is answered as pending."),
    ] = 4.0
    search_seconds: Annotated[
        float, Meta(gt=0, le=60, description="How long a search of a list may take before it is given up.")
    ] = 2.0
    repeat_minutes: Annotated[
        int,
        Meta(ge=0, description="How long the same request by the same account gets the same workflow instance again."),
    ] = 10
    pfx_collect_days: Annotated[
        int, Meta(ge=1, le=90, description="Days after the issue in which a key made here can be collected, once.")
    ] = 7
    pfx_password_length: Annotated[
        int, Meta(ge=8, le=64, description="Least length of a password for a private key; made ones have 20 or more.")
    ] = 12
    key_stock: Annotated[
        int, Meta(ge=1, le=1000, description="How many RSA keys of each wanted type are kept ready, in memory.")
    ] = 16
    approvals_self: Annotated[
        Literal["refuse", "allow"],
        Meta(description="Whether the vote of a requester on their own request is refused everywhere, or allowed."),
    ] = "refuse"
    scripts_pwsh: Annotated[
        Literal["off", "fenced", "unfenced"],
        Meta(
            description="Whether library scripts run in an installed PowerShell 7: not at all, behind bubblewrap, or "
            "with all the rights of the server's account."
        ),
    ] = "off"
    scripts_pwsh_path: Annotated[
        str, Meta(description="The program of PowerShell 7; empty takes the pwsh on the path.")
    ] = ""
    scripts_pwsh_seconds: Annotated[
        float, Meta(ge=1, le=600, description="How long one run of a library script may take before it is killed.")
    ] = 60.0
    secret_environment_prefix: Annotated[
        str,
        Meta(description="How the variables begin from which steps may read secrets; empty: they may read none."),
    ] = ""
    secret_folder: Annotated[
        str, Meta(description="The folder with the files from which steps may read secrets; empty: they may read none.")
    ] = ""
    ca_key_type: Annotated[
        Literal["P-256", "P-384", "P-521", "RSA-3072", "RSA-4096"],
        Meta(description="Key type of the authorities that the first start creates. No effect afterwards."),
    ] = "P-384"
    max_body_bytes: Annotated[int, Meta(ge=1_000, description="The longest request body that is read.")] = 1_000_000
    max_body_depth: Annotated[int, Meta(ge=8, le=200, description="How deep the JSON of a request may be nested.")] = 32
    lockout_threshold: Annotated[
        int,
        Meta(ge=1, description="How many wrong passwords for an account, from one address within the window, lock it."),
    ] = 10
    lockout_window_seconds: Annotated[int, Meta(ge=1, description="How long wrong passwords are counted.")] = 300
    credential_lifetime_seconds: Annotated[
        int,
        Meta(ge=0, le=3600, description="How long a verified password is remembered; 0 verifies every request anew."),
    ] = 60
    credential_limit: Annotated[int, Meta(ge=1, description="How many verified passwords are remembered at most.")] = (
        10_000
    )
    outbound_allow: Annotated[
        tuple[str, ...],
        Meta(description="What steps may reach inside, without TLS or on other ports: hosts, host:port, networks."),
    ] = ()
    outbound_trust: Annotated[
        str, Meta(description="Further authorities in PEM that outgoing TLS connections trust, mail included.")
    ] = ""
    mail_host: Annotated[str, Meta(description="The mail server (SMTP). Without one no mail is sent.")] = ""
    mail_port: Annotated[int, Meta(ge=1, le=65535, description="Port of the mail server.")] = 587
    mail_tls: Annotated[
        Literal["starttls", "implicit", "none"],
        Meta(description="Whether the connection to the mail server is upgraded to TLS, begins with it, or has none."),
    ] = "starttls"
    mail_sender: Annotated[str, Meta(description="The address mails come from, such as certloom@corp.example.")] = ""
    mail_user: Annotated[str, Meta(description="The name for the login at the mail server; empty for none.")] = ""
    mail_password: Annotated[str, Meta(description="The password for mail_user.")] = ""
    oidc_issuer: Annotated[
        str,
        Meta(
            description="Address of an OpenID Connect provider whose word on who somebody is counts, as it writes it."
        ),
    ] = ""
    oidc_scheme: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
            description="What claims call that provider, and the domain of the accounts that come from it.",
        ),
    ] = "OpenID"
    oidc_client_id: Annotated[
        str, Meta(description="What that provider calls certloom, for browsers that sign in.")
    ] = ""
    oidc_client_secret: Annotated[
        str, Meta(description="The secret for oidc_client_id; empty for a public client.")
    ] = ""
    oidc_audience: Annotated[
        str, Meta(description="The audience of access tokens that are accepted as bearer tokens; empty accepts none.")
    ] = ""
    oidc_algorithms: Annotated[
        tuple[str, ...],
        Meta(description="How that provider signs: any of RS, PS, ES with 256, 384 or 512, and EdDSA."),
    ] = ("RS256",)
    oidc_scopes: Annotated[str, Meta(description="What is asked for when a browser signs in.")] = "openid profile"
    oidc_name_claim: Annotated[
        str, Meta(min_length=1, description="The claim that names an account that comes from that provider.")
    ] = "preferred_username"
    oidc_roles_claim: Annotated[
        str, Meta(min_length=1, description="The claim whose values are claims of type OAuthRole; a.b leads inwards.")
    ] = "groups"
    session_minutes: Annotated[
        int, Meta(ge=1, le=10_080, description="How long a browser stays signed in, however busy; idle, one hour.")
    ] = 480
    bootstrap_admin_user: Annotated[
        str, Meta(description="Name of the administrator that bootstrap_admin_password creates.")
    ] = "admin"
    bootstrap_admin_password: Annotated[
        str, Meta(description="Creates the first administrator at a start without any account. No effect afterwards.")
    ] = ""
    log_format: Annotated[
        Literal["console", "json"], Meta(description="Lines for people, or one JSON object per line.")
    ] = "console"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least severe kind of line that is written.")
    ] = "info"

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """Names and values with the secrets covered, for every kind of printing."""
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return [(name, "(hidden)" if name in SECRETS and value else value) for name, value in values]


class Origin(msgspec.Struct, frozen=True):
    """Where a value came from: the layer, and the variable, file or option in it."""

    layer: Literal["default", "file", "environment", "option"]
    where: str = ""


class Configuration(msgspec.Struct, frozen=True):
    """The settings in force, and for each one by name where it came from."""

    settings: Settings
    origins: dict[str, Origin]


class _Given(msgspec.Struct, frozen=True):
    value: object
    origin: Origin


TYPES: Mapping[str, object] = get_type_hints(Settings, include_extras=True)


def read_settings(
    environment: Mapping[str, str], options: Mapping[str, object] | None = None, file: Path | None = None
) -> Configuration:
    """Read the settings; later layers win: defaults, TOML file, ``CERTLOOM_*`` environment, options.

    ``file`` defaults to what ``CERTLOOM_CONFIG`` names, if anything. Options that are None and variables that are
    empty count as not given.

    Raises:
        SettingUnknown: for a name that no setting has, with the nearest one.
        SettingInvalid: for a value outside its type or range, or settings that contradict each other.
        SettingsFileUnreadable: for a missing or malformed file.
    """
    named = environment.get(f"{PREFIX}CONFIG")
    path = file or (Path(named) if named else None)
    given = {**_in_file(path), **_in_environment(environment), **_in_options(options or {})}
    values = {name: _converted(name, entry) for name, entry in given.items()}
    settings = msgspec.convert(values, Settings)
    _check_base_paths(settings)
    _check_tls(settings)
    _check_proxies(settings)
    _check_mail(settings)
    default = Origin("default")
    origins = {name: given[name].origin if name in given else default for name in TYPES}
    return Configuration(settings, origins)


def _in_file(path: Path | None) -> dict[str, _Given]:
    if path is None:
        return {}
    try:
        table = tomllib.loads(_text_of(path))
    except tomllib.TOMLDecodeError as error:
        message = f"The settings file {path} is not TOML: {error}. Correct it there."
        raise SettingsFileUnreadable(message) from error
    for name in table:
        _check_known(name, TYPES, f"the file {path}")
    return {name: _Given(value, Origin("file", str(path))) for name, value in table.items()}


def _in_environment(environment: Mapping[str, str]) -> dict[str, _Given]:
    variables = {f"{PREFIX}{name.upper()}": name for name in TYPES}
    secret_files = {f"{PREFIX}{name.upper()}_FILE": name for name in SECRETS}
    given: dict[str, _Given] = {}
    for variable, text in sorted(environment.items()):
        if not variable.startswith(PREFIX) or variable == f"{PREFIX}CONFIG" or not text:
            continue
        _check_known(variable, [*variables, *secret_files], "the environment")
        name = variables.get(variable) or secret_files[variable]
        if name in given:
            message = f"{given[name].origin.where} and {variable} both set {name}. Remove one of them."
            raise SettingInvalid(message)
        value = text if variable in variables else _text_of(Path(text)).strip("\r\n")
        given[name] = _Given(value, Origin("environment", variable))
    return given


def _in_options(options: Mapping[str, object]) -> dict[str, _Given]:
    for name in options:
        _check_known(name, TYPES, "the options")
    return {name: _Given(value, Origin("option", name)) for name, value in options.items() if value is not None}


def _check_known(name: str, known: Mapping[str, object] | list[str], place: str) -> None:
    if name in known:
        return
    nearest = difflib.get_close_matches(name[:100], known, n=1, cutoff=0)[0]
    message = f"There is no setting {name!r}, which {place} sets. Did you mean {nearest!r}?"
    raise SettingUnknown(message)


def _converted(name: str, given: _Given) -> object:
    value = given.value
    if name == "base_paths" and isinstance(value, str):
        value = {path.strip(): form.strip() or "names" for path, _, form in _pairs(value)}
    elif name in LISTS and isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    try:
        return msgspec.convert(value, TYPES[name], strict=False)
    except msgspec.ValidationError as error:
        origin = f"{given.origin.layer} {given.origin.where}"
        message = f"The setting {name} (from {origin}) cannot be used: {error}. Correct it there."
        raise SettingInvalid(message) from error


def _pairs(text: str) -> Iterator[tuple[str, str, str]]:
    return (entry.partition("=") for entry in text.split(","))


def _check_base_paths(settings: Settings) -> None:
    if not settings.base_paths:
        message = "base_paths is empty, so no client could reach the API. Name at least one path."
        raise SettingInvalid(message)
    if len({path.casefold() for path in settings.base_paths}) < len(settings.base_paths):
        message = "Two base_paths differ in case only, but case is ignored in paths. Remove one of them."
        raise SettingInvalid(message)


def _check_tls(settings: Settings) -> None:
    if bool(settings.tls_cert) != bool(settings.tls_key):
        message = "Only one of tls_cert and tls_key is set, but TLS needs both. Set the other one too."
        raise SettingInvalid(message)
    if settings.tls_auto and settings.tls_cert:
        message = "tls_auto issues the server's certificate itself, but tls_cert names one. Remove one of them."
        raise SettingInvalid(message)


def _check_proxies(settings: Settings) -> None:
    for text in settings.trusted_proxies:
        try:
            ip_network(text, strict=False)
        except ValueError as error:
            message = (
                f"trusted_proxies holds {text[:100]!r}, which is no address and no network. "
                "Write it as 10.0.0.1 or 10.0.0.0/8."
            )
            raise SettingInvalid(message) from error


def _check_mail(settings: Settings) -> None:
    if settings.mail_host and not _SENDER.fullmatch(settings.mail_sender):
        message = "mail_host is set, but mail_sender is no mail address. Set it to one the mail server accepts."
        raise SettingInvalid(message)
    if settings.mail_user and settings.mail_tls == "none":
        message = "mail_user with mail_tls none would send the password readable. Use starttls or implicit."
        raise SettingInvalid(message)


_SENDER = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        message = f"The file {path} cannot be read: {reason}. Correct its name, rights or content."
        raise SettingsFileUnreadable(message) from error
