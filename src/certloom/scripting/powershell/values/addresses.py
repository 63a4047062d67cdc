"""Addresses: URIs and mail addresses taken apart."""

import re

from certloom.scripting.powershell.values.objects import MailAddress, UriValue

__all__ = ["mail_address", "uri"]

_URI = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*):(?://(?:(?P<user>[^/@?#]*)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^/:?#]*)"
    r"(?::(?P<port>\d{1,5}))?)?(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?P<fragment>#.*)?"
)
_PORTS = {"http": 80, "https": 443, "ftp": 21, "ldap": 389}
_MAIL = re.compile(
    r"\s*(?:\"?(?P<display>[^\"<>]*?)\"?\s*<)?(?P<user>[^\s@<>,;:\"()\[\]]+)@(?P<host>[^\s@<>,;:\"()]+)(?P<close>>)?\s*"
)
_LONGEST = 2000


def uri(text: str) -> UriValue:
    """An address; without a scheme it is relative and has no parts."""
    found = _URI.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        return UriValue(text)
    scheme, host = found["scheme"].lower(), (found["host"] or "").lower()
    port = int(found["port"]) if found["port"] else _PORTS.get(scheme, -1)
    path = found["path"] or ("/" if host else "")
    return UriValue(text, scheme, host, port, path, found["query"] or "", found["fragment"] or "", found["user"] or "")


def mail_address(text: str) -> MailAddress | None:
    """A mail address with or without a display name; none when it has another form."""
    found = _MAIL.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None or (found["display"] is None) != (found["close"] is None):
        return None
    user, host = found["user"], found["host"]
    if ".." in user + host or user[0] == "." or host[0] == "." or host[-1] == ".":
        return None
    return MailAddress((found["display"] or "").strip(), user, host)
