"""Recipients of mail: one parameter may hold many addresses, separated by ``;`` or ``,``.

Source: workflow-definitions reference, 4.2.
"""

import re
from collections.abc import Iterable

import idna

from certloom.errors import Invalid

__all__ = ["RecipientsInvalid", "recipients_of"]

_MOST = 100
# RFC 5321, section 4.1.2 (Dot-string) and section 4.5.3.1 for the lengths.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LONGEST_LOCAL, _LONGEST_DOMAIN = 64, 253


class RecipientsInvalid(Invalid):
    """There is no recipient, there are too many, or one of them is no mail address."""


def recipients_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Every address in these texts once, in order. Raises RecipientsInvalid."""
    found = [part.strip() for text in texts for part in re.split("[;,]", text)]
    unique = {address.casefold(): address for address in map(_checked, filter(None, found))}
    if not unique:
        raise RecipientsInvalid("There is no recipient: Recipients is empty, or its tokens stand for nothing.")
    if len(unique) > _MOST:
        raise RecipientsInvalid(f"There are {len(unique)} recipients; at most {_MOST} get one mail. Use a list.")
    return tuple(unique.values())


def _checked(address: str) -> str:
    local, _, domain = address.rpartition("@")
    ascii_domain = _domain(domain)
    if ascii_domain is None or len(local) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        raise RecipientsInvalid(f"{address[:100]!r} is not a mail address. Write it as name@host.example.")
    return f"{local}@{ascii_domain}"


def _domain(text: str) -> str | None:
    try:
        domain = idna.encode(text, uts46=True).decode()
    except idna.IDNAError:
        return None
    return domain if len(domain) <= _LONGEST_DOMAIN and not domain.endswith(".") else None
