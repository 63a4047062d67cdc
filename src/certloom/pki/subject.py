"""Distinguished names: read from text, checked, and rendered as text (RFC 4514)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

from certloom.errors import Invalid

__all__ = [
    "ATTRIBUTES",
    "SubjectUnreadable",
    "common_name",
    "read_subject",
    "render_subject",
    "subject_parts",
    "with_parts",
]

ATTRIBUTES: Final[dict[str, tuple[ObjectIdentifier, int]]] = {
    "CN": (NameOID.COMMON_NAME, 64),
    "SN": (NameOID.SURNAME, 64),
    "SERIALNUMBER": (NameOID.SERIAL_NUMBER, 64),
    "C": (NameOID.COUNTRY_NAME, 2),
    "L": (NameOID.LOCALITY_NAME, 128),
    "ST": (NameOID.STATE_OR_PROVINCE_NAME, 128),
    "STREET": (NameOID.STREET_ADDRESS, 128),
    "O": (NameOID.ORGANIZATION_NAME, 64),
    "OU": (NameOID.ORGANIZATIONAL_UNIT_NAME, 64),
    "T": (NameOID.TITLE, 64),
    "POSTALCODE": (NameOID.POSTAL_CODE, 40),
    "GN": (NameOID.GIVEN_NAME, 64),
    "UID": (NameOID.USER_ID, 256),
    "DC": (NameOID.DOMAIN_COMPONENT, 63),
    "E": (NameOID.EMAIL_ADDRESS, 255),
}
"""The attribute types that may be in a subject: type and longest value in octets (RFC 5280 A.1, X.520)."""

_ALIASES: Final = {
    "EMAIL": "E",
    "EMAILADDRESS": "E",
    "S": "ST",
    "G": "GN",
    "GIVENNAME": "GN",
    "SURNAME": "SN",
    "TITLE": "T",
    "COMMONNAME": "CN",
}
_KEYWORDS: Final = {oid: keyword for keyword, (oid, _) in ATTRIBUTES.items()}
_DOTTED: Final = {oid.dotted_string: keyword for oid, keyword in _KEYWORDS.items()}
_ALPHABETS: Final = {
    "C": re.compile(r"[A-Za-z]{2}"),
    "SERIALNUMBER": re.compile(r"[A-Za-z0-9 '()+,\-./:=?]*"),
    "DC": re.compile(r"[\x20-\x7e]*"),
    "E": re.compile(r"[\x21-\x7e]+@[\x21-\x7e]+"),
}
_MAX_TEXT: Final = 4096
# Possessive throughout: a hostile text is read once, never again from another angle.
_PART: Final = re.compile(
    r'\s*+([A-Za-z][A-Za-z0-9.-]*+|\d[\d.]*+)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"\s*+|((?:[^"\\,+;<>]|\\.)*+))(,|\Z)',
    re.DOTALL,
)
_TOKEN: Final = re.compile(r"\\([0-9A-Fa-f]{2})|\\(.)|(.)", re.DOTALL)


class SubjectUnreadable(Invalid):
    """A text is no distinguished name, or one that may not be certified."""


@lru_cache(maxsize=256)  # one request is read by policy, builder and plan
def read_subject(text: str) -> x509.Name:
    """Read ``CN=web01.corp.example,O=Corp``, the most specific part first (RFC 4514, section 3).

    Also read: blanks around parts, quoted values (RFC 2253), lower-case keywords and dotted types. The
    empty text is the empty name. Refused with `SubjectUnreadable`: unknown types, parts joined by ``+``, a
    second CN, empty or unprintable values, values longer than RFC 5280 allows, ``#`` values.
    """
    parts = [_attribute(keyword, value) for keyword, value in _split(text)]
    if sum(part.oid == NameOID.COMMON_NAME for part in parts) > 1:
        raise SubjectUnreadable(f"The subject {text!r} has several CNs; name one, and put the others into the SANs.")
    return x509.Name(reversed(parts))


def render_subject(name: x509.Name) -> str:
    """Render a name as RFC 4514 says, most specific part first; what `read_subject` gave comes back.

    Names of foreign certificates are rendered too: joined parts with ``+``, unknown types as dotted numbers.
    """
    return ",".join(
        "+".join(f"{_KEYWORDS.get(part.oid, part.oid.dotted_string)}={_escape(_text(part.value))}" for part in rdn)
        for rdn in reversed(name.rdns)
    )


def subject_parts(name: x509.Name) -> tuple[tuple[str, str], ...]:
    """Return the parts of a name as (keyword, value), most specific first."""
    return tuple((_KEYWORDS.get(part.oid, part.oid.dotted_string), _text(part.value)) for part in reversed(list(name)))


def with_parts(text: str, parts: Mapping[str, str]) -> str:
    """The subject with these parts (value by keyword) in place of its own; an empty value removes the part.

    A part that is new comes last; where there were several of a keyword, one takes their place. A value is one value,
    whatever it holds. Raises `SubjectUnreadable`.
    """
    wanted = {keyword.upper(): value for keyword, value in parts.items()}
    kept: list[tuple[str, str]] = []
    for keyword, value in subject_parts(read_subject(text)):
        if keyword not in wanted:
            kept.append((keyword, value))
        elif keyword not in {known for known, _ in kept}:
            kept.append((keyword, wanted[keyword]))
    present = {keyword for keyword, _ in kept}
    kept.extend((keyword, value) for keyword, value in wanted.items() if keyword not in present)
    attributes = [_attribute(keyword, value) for keyword, value in kept if value]
    return render_subject(x509.Name(reversed(attributes)))


def common_name(name: x509.Name | str) -> str | None:
    """Return the most specific CN of a name or of its text; raises `SubjectUnreadable`."""
    read = read_subject(name) if isinstance(name, str) else name
    return next((value for keyword, value in subject_parts(read) if keyword == "CN"), None)


def _split(text: str) -> list[tuple[str, str]]:
    """Return the (type, value) pairs as written, values unescaped."""
    if len(text) > _MAX_TEXT:
        raise SubjectUnreadable(f"The subject has {len(text)} characters; at most {_MAX_TEXT} are read.")
    parts: list[tuple[str, str]] = []
    position, more = 0, bool(text.strip())
    while more:
        match = _PART.match(text, position)
        if match is None:
            raise SubjectUnreadable(
                f"The subject cannot be read at {text[position : position + 40]!r}: write CN=...,O=... with "
                'one value per part, and a backslash before each of , + " \\ < > ; inside a value.',
            )
        keyword, quoted, plain, separator = match.groups()
        parts.append((keyword, _unescape(plain if quoted is None else quoted, quoted=quoted is not None)))
        position, more = match.end(), separator == ","
    return parts


def _unescape(raw: str, *, quoted: bool) -> str:
    """Resolve escapes; final blanks that are neither escaped nor quoted go away (RFC 4514, 2.4)."""
    if raw.startswith("#") and not quoted:
        raise SubjectUnreadable(f"The value {raw[:40]!r} is BER in hexadecimal; write the text itself.")
    tokens = [match.groups() for match in _TOKEN.finditer(raw)]
    while tokens and not quoted and (tokens[-1][2] or "").isspace():
        tokens.pop()
    try:
        return b"".join(
            bytes.fromhex(code) if code else (escaped or plain).encode() for code, escaped, plain in tokens
        ).decode()
    except UnicodeError as error:
        raise SubjectUnreadable(f"The value {raw[:40]!r} is not UTF-8; write its characters plainly.") from error


def _attribute(written: str, value: str) -> x509.NameAttribute[str]:
    """Check one part and give it the string type of RFC 5280, section 4.1.2.4."""
    name = written.upper().removeprefix("OID.")
    keyword = _DOTTED.get(name, _ALIASES.get(name, name))
    if keyword not in ATTRIBUTES:
        raise SubjectUnreadable(
            f"The subject part {written!r} is not known; the known ones are {', '.join(ATTRIBUTES)}."
        )
    oid, longest = ATTRIBUTES[keyword]
    if not value.strip() or not value.isprintable():
        raise SubjectUnreadable(f"The value {value[:40]!r} of {keyword} is empty or has unprintable characters.")
    if len(value.encode()) > longest:
        raise SubjectUnreadable(f"The value {value[:40]!r}... of {keyword} is longer than {longest} octets.")
    if keyword in _ALPHABETS and not _ALPHABETS[keyword].fullmatch(value):
        raise SubjectUnreadable(f"The value {value[:40]!r} is not in the form or alphabet of {keyword}.")
    return x509.NameAttribute(oid, value)


def _escape(value: str) -> str:
    """Escape so that neither a separator nor a line end can leave the value."""
    escaped = re.sub(r'([\\",+;<>])', r"\\\1", value)
    if escaped[:1] in {"#", " "}:
        escaped = "\\" + escaped
    if escaped.endswith(" ") and len(value) > 1:
        escaped = escaped[:-1] + "\\ "
    return "".join(c if c.isprintable() else "".join(f"\\{o:02X}" for o in c.encode()) for c in escaped)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else "#" + value.hex()
