"""certloom doctor: what is in order, what is not, and what to do about it."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from certloom.app import STEP_TYPES
from certloom.cli.options import Options, opened, operator, print_rows, settings_of
from certloom.clock import system_clock
from certloom.errors import CertloomError
from certloom.operations.authorities import authorities
from certloom.operations.revocation_lists import CrlState, crl_state
from certloom.pki.addresses import revocation_url
from certloom.pki.certificate import describe
from certloom.scripting.pwsh.fence import fence_fault
from certloom.scripting.pwsh.interpreter import HOW_TO_GET_PWSH, configured_pwsh
from certloom.scripting.python.interpreter import INSTALL, is_installed
from certloom.settings import Settings
from certloom.store.data_folder import DataFolder
from certloom.workflow.step_extensions import read_extensions

__all__ = ["doctor"]

_LEAST_FREE = 500_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: str
    remedy: str = ""


async def doctor(*, options: Options = Options()) -> None:  # noqa: B008 - immutable
    """Look at the installation. Exit code 1 when something is broken.

    Example: certloom doctor --data-folder /var/lib/certloom
    """
    settings = settings_of(options)
    findings = [check(settings) for check in _CHECKS]
    findings += [await check(settings) for check in (_powershell, _bubblewrap, _library_scripts)]
    findings += _extensions()
    findings += await _look_inside(options, settings)
    rows = [(finding.what, finding.state, finding.remedy) for finding in findings]
    print_rows(options, ("what", "state", "remedy"), rows)
    if any(finding.state.startswith("broken") for finding in findings):
        sys.exit(1)


def _folder(settings: Settings) -> Finding:
    path = Path(settings.data_folder)
    if not path.exists():
        return Finding("data folder", "not there yet", "certloom serve creates it")
    if path.stat().st_mode & 0o077:
        return Finding("data folder", "warning: readable by others", f"chmod 700 {path}")
    return Finding("data folder", "ok")


def _disk(settings: Settings) -> Finding:
    path = Path(settings.data_folder).resolve()
    free = shutil.disk_usage(next(place for place in (path, *path.parents) if place.exists())).free
    if free < _LEAST_FREE:
        return Finding("disk", f"warning: {free // 1_000_000} MB free", "make room: a full disk refuses every change")
    return Finding("disk", f"ok, {free // 1_000_000_000} GB free")


def _clock(_settings: Settings) -> Finding:
    year = system_clock().year
    if year < _BUILT:
        return Finding("clock", f"broken: the year is {year}", "set the clock; certificates would be dated wrongly")
    return Finding("clock", "ok")


def _tls(settings: Settings) -> Finding:
    if settings.tls_auto or settings.tls_cert:
        return Finding("TLS", "ok")
    return Finding("TLS", "off", "certloom serve --tls auto, before anybody but you uses it")


def _revocation(settings: Settings) -> Finding:
    if url := revocation_url(settings.pki_url, settings.public_url):
        return Finding("revocation", f"ok: certificates name {url}")
    warning = "warning: certificates name no CRL and no OCSP responder"
    return Finding("revocation", warning, "set pki_url to an http:// address under which everybody reaches /pki")


def _python_scripts(_settings: Settings) -> Finding:
    if is_installed():
        return Finding("Python scripts", "ok")
    return Finding("Python scripts", "off: the extra 'scripts' is not installed", INSTALL)


async def _powershell(settings: Settings) -> Finding:
    program = configured_pwsh(settings).program()
    if program is None:
        return Finding("PowerShell 7", "not found; only library scripts need it", HOW_TO_GET_PWSH)
    return Finding("PowerShell 7", f"found: {program}")


async def _bubblewrap(_settings: Settings) -> Finding:
    what, _, remedy = (await fence_fault()).partition(". ")
    return Finding("bubblewrap", what or "ok", remedy)


async def _library_scripts(settings: Settings) -> Finding:
    if settings.scripts_pwsh == "off":
        return Finding("library scripts", "off", "set scripts_pwsh to fenced, if a workflow shall run them")
    what, _, remedy = (await configured_pwsh(settings).fault()).partition(". ")
    if what:
        return Finding("library scripts", f"broken: {what}", remedy)
    if settings.scripts_pwsh == "unfenced":
        warning = "warning: they may do all that the server may"
        return Finding("library scripts", warning, "set scripts_pwsh to fenced")
    return Finding("library scripts", "ok, behind the fence")


def _extensions() -> list[Finding]:
    """The step types of other packages."""
    extensions = read_extensions(STEP_TYPES)
    loaded = [
        Finding(f"step type {one.step_type.extension_name}", f"ok, from {one.package}") for one in extensions.loaded
    ]
    broken = [
        Finding(f"step type {one.name} of {one.package}", f"broken: {one.reason}", "mend the package or uninstall it")
        for one in extensions.broken
    ]
    return loaded + broken


_BUILT = 2026
_CHECKS: tuple[Callable[[Settings], Finding], ...] = (_folder, _disk, _clock, _tls, _revocation, _python_scripts)


async def _look_inside(options: Options, settings: Settings) -> list[Finding]:
    if not DataFolder(Path(settings.data_folder)).is_installed():
        return [Finding("database", "not there yet", "certloom serve creates it")]
    try:
        async with opened(options) as certloom:
            rows = await authorities(certloom.services, operator())
            lists = [await crl_state(certloom.services, one) for one in certloom.services.crl_signers.values()]
    except CertloomError as error:
        return [Finding("database and key", f"broken: {error.message}", "see the message")]
    findings = [Finding("database and key", "ok")]
    for row in rows:
        ends = describe(row.certificate).not_after
        expired = ends < system_clock()
        state = f"broken: expired on {ends:%Y-%m-%d}" if expired else f"ok until {ends:%Y-%m-%d}"
        findings.append(Finding(f"authority {row.name}", state, "create a new one" if expired else ""))
    return findings + [_crl(state) for state in lists]


def _crl(state: CrlState) -> Finding:
    what = f"CRL of {state.signer.name}"
    if state.row is None:
        return Finding(what, "not there yet", "certloom serve publishes it")
    if state.late:
        remedy = "certloom serve renews it; if it does not, its log says why"
        return Finding(what, f"warning: ends at {state.row.next_update}", remedy)
    return Finding(what, f"ok until {state.row.next_update}")
