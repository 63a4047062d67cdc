"""certloom serve: the server."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from certloom.api.client import is_loopback
from certloom.app import Certloom, installation, running
from certloom.cli.banner import banner_of
from certloom.cli.listening import Address, TlsFiles, bound_socket, listening
from certloom.cli.options import Options, settings_of
from certloom.cli.own_certificate import own_certificate
from certloom.cli.sample import install_sample
from certloom.cli.stopping import stop_signals
from certloom.errors import Invalid
from certloom.identity.actor import system_actor
from certloom.logs import set_up_logs
from certloom.operations.accounts import accounts, create_account
from certloom.operations.first_administrator import issue_first_admin_token
from certloom.operations.roles import ADMINISTRATORS
from certloom.pki.addresses import revocation_url
from certloom.settings import Settings

__all__ = ["serve"]

_TOKEN_LIFETIME = timedelta(hours=1)


class ExposedWithoutTls(Invalid):
    """The server would listen beyond this machine without TLS."""


async def serve(
    *,
    host: Annotated[str | None, Parameter(help="Address to listen on.")] = None,
    port: Annotated[int | None, Parameter(help="Port to listen on; 0 takes a free one.")] = None,
    tls: Annotated[Literal["auto"] | None, Parameter(help="Let the embedded authority issue the certificate.")] = None,
    tls_cert: Annotated[Path | None, Parameter(help="Certificate chain in PEM.")] = None,
    tls_key: Annotated[Path | None, Parameter(help="Its private key in PEM.")] = None,
    insecure_http: Annotated[bool | None, Parameter(negative="", help="Accept passwords over plain HTTP.")] = None,
    demo: Annotated[
        bool, Parameter(negative="", show_default=False, help="Add the demo's sample people, roles and templates.")
    ] = False,
    options: Options = Options(),  # noqa: B008 - immutable
) -> None:
    """Run the server until it is told to stop (SIGTERM or Ctrl-C).

    Example: certloom serve --tls auto --data-folder /var/lib/certloom
    """
    settings = settings_of(
        options,
        host=host,
        port=port,
        tls_auto=True if tls else None,
        tls_cert=str(tls_cert) if tls_cert else None,
        tls_key=str(tls_key) if tls_key else None,
        insecure_http=insecure_http,
    )
    set_up_logs(settings.log_format, settings.log_level)
    _check_exposure(settings)
    with bound_socket(settings.host, settings.port) as bound, stop_signals() as told:
        settings = _named_in_certificates(settings, bound.getsockname()[1]) if demo else settings
        async with installation(settings) as certloom, running(certloom):
            people = await install_sample(certloom) if demo else ()
            files, root = await _tls(certloom)
            address = Address("https" if files else "http", settings.host, bound.getsockname()[1])
            first = await _first_administrator(certloom, address)
            async with listening(certloom, bound, files):
                banner = banner_of(certloom, address, people, first, root)
                print(banner.as_json() if options.json else banner.as_text(), flush=True)
                await told.wait()


def _named_in_certificates(settings: Settings, port: int) -> Settings:
    """The demo's certificates name the server where it listens, when nothing else is set and it can be asked there."""
    if revocation_url(settings.pki_url, settings.public_url) or settings.tls_auto or settings.tls_cert:
        return settings
    return msgspec.structs.replace(settings, pki_url=Address("http", settings.host, port).url)


def _check_exposure(settings: Settings) -> None:
    exposed = not is_loopback(settings.host)
    if exposed and not (settings.tls_auto or settings.tls_cert or settings.insecure_http):
        raise ExposedWithoutTls(
            f"{settings.host} is reachable from other machines, and passwords would travel in the clear. "
            "Add --tls auto, or --tls-cert and --tls-key; or --insecure-http where something in front ends TLS."
        )


async def _tls(certloom: Certloom) -> tuple[TlsFiles | None, Path | None]:
    settings = certloom.services.settings
    if settings.tls_auto:
        return await own_certificate(certloom)
    return (TlsFiles(settings.tls_cert, settings.tls_key), None) if settings.tls_cert else (None, None)


async def _first_administrator(certloom: Certloom, address: Address) -> str | None:
    """Make sure somebody can administer: from the bootstrap password, or by a one-time link, which is returned."""
    system, settings = system_actor("start"), certloom.services.settings
    if await accounts(certloom.services, system):
        return None
    if settings.bootstrap_admin_password:
        name = settings.bootstrap_admin_user
        await create_account(certloom.services, system, name, settings.bootstrap_admin_password, (ADMINISTRATORS,))
        return None
    token = await issue_first_admin_token(certloom.services, system, _TOKEN_LIFETIME)
    return f"{settings.public_url or address.url}/Certloom/FirstAdministrator?token={token}"
