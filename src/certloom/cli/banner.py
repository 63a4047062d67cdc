"""What the server says about itself once it listens."""

from pathlib import Path

import msgspec
from typing_extensions import override

from certloom import __version__
from certloom.app import Certloom
from certloom.cli.listening import Address
from certloom.cli.sample import SamplePerson
from certloom.settings import Settings

__all__ = ["Banner", "banner_of"]


class Banner(msgspec.Struct, frozen=True, kw_only=True):
    """Where the server is, who may sign in, and what is not yet secure about it.

    ``root`` is the file with the root to trust under ``--tls auto``; ``first_administrator`` a link that works once.
    """

    version: str
    url: str
    api: str
    docs: str
    data_folder: str
    key_file: str
    key_fingerprint: str
    root: str | None
    users: tuple[SamplePerson, ...]
    first_administrator: str | None
    not_yet_secure: tuple[str, ...]

    @override
    def __repr__(self) -> str:
        """Without the passwords and the link."""
        return f"Banner(url={self.url!r})"

    def as_json(self) -> str:
        """One line of JSON."""
        return msgspec.json.encode(self).decode()

    def as_text(self) -> str:
        """Lines for people."""
        lines = [
            f"certloom {self.version} is listening on {self.url}",
            f"  API          {self.api}     description and try-out: {self.docs}",
            f"  data folder  {self.data_folder}",
            f"  key file     {self.key_file}, fingerprint {self.key_fingerprint}: back it up",
        ]
        if self.root:
            lines.append(f"  trust        curl --cacert {self.root} {self.url}/healthz")
        lines += [f"  user         {person.name:14} {person.password}   {person.what}" for person in self.users]
        if self.first_administrator:
            lines.append(f"  first administrator (once, within an hour): {self.first_administrator}")
        lines += ["Not yet secure:", *(f"  - {point}" for point in self.not_yet_secure), "Stop with Ctrl-C."]
        return "\n".join(lines)


def banner_of(
    certloom: Certloom, address: Address, people: tuple[SamplePerson, ...], first: str | None, root: Path | None
) -> Banner:
    """The banner of a server that listens at ``address``."""
    settings = certloom.services.settings
    return Banner(
        version=__version__,
        url=address.url,
        api=f"{address.url}{next(iter(settings.base_paths))}",
        docs=f"{address.url}/docs",
        data_folder=str(certloom.folder.path.resolve()),
        key_file=certloom.folder.key_file.name,
        key_fingerprint=certloom.services.seal.fingerprint,
        root=str(root.resolve()) if root else None,
        users=people,
        first_administrator=first,
        not_yet_secure=tuple(_insecure_points(settings, people)),
    )


def _insecure_points(settings: Settings, people: tuple[SamplePerson, ...]) -> list[str]:
    points = ["The authorities' private keys are sealed under a key file in the same folder, not kept in an HSM."]
    if not (settings.tls_auto or settings.tls_cert):
        points.append("Plain HTTP: passwords can be read on the way. Use --tls auto beyond this machine.")
    if settings.insecure_http:
        points.append("insecure_http is on: passwords are accepted over plain HTTP from anywhere.")
    if people:
        points.append("Sample users with passwords printed above. Do not use this folder for anything real.")
    if settings.approvals_self == "allow":
        points.append("approvals_self is allow: requesters may approve their own requests.")
    return points
