"""Templates: what kind of certificate may be asked for, by rules that a request keeps or breaks."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from certloom.errors import Invalid
from certloom.pki.key import PublicKeyFacts
from certloom.pki.request import CertificateRequest
from certloom.pki.san import SAN_KINDS, Sans, SanUnreadable, read_name, read_sans
from certloom.pki.subject import ATTRIBUTES, common_name, read_subject, render_subject, subject_parts
from certloom.pki.usage import FORBIDDEN_PURPOSES, KEY_USAGES, purpose_oid, usages_for

__all__ = ["KEY_TYPES", "Template", "TemplateInvalid", "completed", "read_template", "violations"]

KEY_TYPES: Final = {
    **{f"RSA-{bits}": "RSA" for bits in (2048, 3072, 4096, 6144, 8192)},
    **dict.fromkeys(("P-256", "P-384", "P-521"), "ECC"),
    "Ed25519": "Ed25519",
}
"""The key types a template may allow → the algorithm of each."""

_SUBSCRIBER_USAGES: Final = tuple(name for name in KEY_USAGES if name not in {"keyCertSign", "cRLSign"})
_LONGEST_DAYS: Final = 36500
_LONGEST_BACKDATE: Final = 48 * 3600
_LONGEST_MATCHED: Final = 512


class TemplateInvalid(Invalid):
    """A template cannot be used as written; the message locates every fault."""


class Template(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a certificate of this kind holds, and what may be asked for.

    ``name`` is the short name that requests use. Rules are regular expressions that a value must match as a
    whole: ``subject_rules`` by subject keyword (``CN``), ``san_rules`` by kind (``dns``); a part without a
    rule is free, a kind outside ``san_kinds`` is refused. With ``common_name_in_sans`` the CN is added to
    the names when missing. ``authority`` is used when a request names none. ``allowed_requesters`` are role
    names, enforced by the caller.
    """

    id: int
    name: str
    display_name: str
    key_types: tuple[str, ...] = ("RSA-2048", "RSA-3072", "RSA-4096", "P-256", "P-384")
    validity_days: int = 365
    key_usages: tuple[str, ...] = ("digitalSignature", "keyEncipherment")
    extended_key_usages: tuple[str, ...] = ("serverAuth",)
    required_subject: tuple[str, ...] = ("CN",)
    subject_rules: dict[str, str] = {}
    san_kinds: tuple[str, ...] = ("dns",)
    san_rules: dict[str, str] = {}
    max_sans: int = 100
    wildcards: bool = False
    common_name_in_sans: bool = True
    authority: str | None = None
    allowed_requesters: tuple[str, ...] = ()
    backdate_seconds: int = 0

    def __post_init__(self) -> None:
        """Raise `TemplateInvalid` with every fault, so that there is no template with one."""
        if faults := tuple(_rule_faults(self)):
            raise _invalid(self.name, faults)


def completed(template: Template, request: CertificateRequest) -> CertificateRequest:
    """Return the request in canonical form, its CN added to the names where the template says so; idempotent.

    Raises `SubjectUnreadable`, `SanNotSupported` or `SanUnreadable`.
    """
    subject, sans = read_subject(request.subject), read_sans(request.sans)
    name = common_name(subject)
    if template.common_name_in_sans and name is not None:
        sans = read_sans({**sans, **_with_common_name(name, sans)})
    return msgspec.structs.replace(request, subject=render_subject(subject), sans=sans)


def violations(template: Template, request: CertificateRequest, key: PublicKeyFacts) -> tuple[str, ...]:
    """Return every way in which a request breaks a template, one sentence each; empty when in none."""
    try:
        whole = completed(template, request)
    except Invalid as error:
        return (error.message,)
    return (
        *_key_violations(template, key),
        *_subject_violations(template, whole),
        *_name_violations(template, whole.sans),
    )


def _with_common_name(name: str, sans: Sans) -> Sans:
    """Return the names of the CN's kind with the CN among them; a CN that is no name adds nothing."""
    for kind in ("ip", "dns", "rfc822"):
        try:
            return {kind: (*sans.get(kind, ()), read_name(kind, name))}
        except SanUnreadable:
            continue
    return {}


def _key_violations(template: Template, key: PublicKeyFacts) -> Iterator[str]:
    if key.key_type not in template.key_types:
        yield f"The key type {key.key_type} is not among {', '.join(template.key_types)}."


def _subject_violations(template: Template, request: CertificateRequest) -> Iterator[str]:
    parts = subject_parts(read_subject(request.subject))
    present = {keyword for keyword, _ in parts}
    for keyword in template.required_subject:
        if keyword not in present:
            yield f"The subject {request.subject!r} lacks {keyword}, which the template requires."
    for keyword, value in parts:
        rule = template.subject_rules.get(keyword)
        if rule is not None and not _matches(rule, value):
            yield f"The {keyword} {value!r} does not match {rule!r}."
        if keyword == "CN" and template.common_name_in_sans and not _with_common_name(value, {}):
            yield f"The CN {value!r} cannot be among the names: it is no host, address or mail address."
    if not parts and not request.sans:
        yield "The request has neither a subject nor a subject alternative name."


def _name_violations(template: Template, sans: Sans) -> Iterator[str]:
    count = sum(map(len, sans.values()))
    if count > template.max_sans:
        yield f"There are {count} names; the template allows {template.max_sans}."
    for kind, names in sans.items():
        if kind not in template.san_kinds:
            allowed = ", ".join(template.san_kinds) or "none"
            yield f"The {kind} names {', '.join(names)} are of a kind that is not allowed ({allowed} is)."
        for name in names:
            yield from _one_name_violations(template, kind, name)


def _one_name_violations(template: Template, kind: str, name: str) -> Iterator[str]:
    rule = template.san_rules.get(kind)
    if rule is not None and not _matches(rule, name):
        yield f"The {kind} name {name!r} does not match {rule!r}."
    if kind == "dns" and name.startswith("*.") and not template.wildcards:
        yield f"The {kind} name {name!r} has a wildcard, which the template does not allow."


@lru_cache(maxsize=1024)
def _compiled(rule: str) -> re.Pattern[str]:
    return re.compile(rule)


def _matches(rule: str, value: str) -> bool:
    """Match the whole value; one too long to be matched in bounded time does not match."""
    return len(value) <= _LONGEST_MATCHED and _compiled(rule).fullmatch(value) is not None


def read_template(mapping: Mapping[str, object]) -> Template:
    """Read a template from a table of a TOML file, whose keys are the fields of `Template`.

    Raises `TemplateInvalid` with every fault and the field it is in.
    """
    faults = list(_shape_faults(mapping))
    if faults:
        raise _invalid(mapping.get("name"), faults)
    return msgspec.convert(dict(mapping), Template)


def _invalid(name: object, faults: Iterable[str]) -> TemplateInvalid:
    return TemplateInvalid(f"The template {name!r} cannot be used. {' '.join(faults)} Correct these fields.")


def _shape_faults(mapping: Mapping[str, object]) -> Iterator[str]:
    fields = {field.name: field for field in msgspec.structs.fields(Template)}
    for name in mapping:
        if name not in fields:
            yield f"{name}: there is no such field; the fields are {', '.join(fields)}."
    for name, field in fields.items():
        if name not in mapping:
            if field.required:
                yield f"{name}: is missing."
            continue
        try:
            msgspec.convert(mapping[name], field.type)
        except msgspec.ValidationError as error:
            yield f"{name}: {error}."


def _rule_faults(template: Template) -> Iterator[str]:
    yield from _range_faults(template)
    yield from _unknown("key_types", template.key_types, KEY_TYPES)
    yield from _unknown("key_usages", template.key_usages, _SUBSCRIBER_USAGES)
    yield from _unknown("san_kinds", template.san_kinds, SAN_KINDS)
    yield from _unknown("san_rules", template.san_rules, template.san_kinds)
    yield from _unknown("required_subject", template.required_subject, ATTRIBUTES)
    yield from _unknown("subject_rules", template.subject_rules, ATTRIBUTES)
    yield from _usage_faults(template)
    for field, rules in (("subject_rules", template.subject_rules), ("san_rules", template.san_rules)):
        for key, rule in rules.items():
            try:
                _compiled(rule)
            except re.error as error:
                yield f"{field}.{key}: {rule!r} is no regular expression: {error}."


def _range_faults(template: Template) -> Iterator[str]:
    if not 1 <= template.validity_days <= _LONGEST_DAYS:
        yield f"validity_days: must be 1 to {_LONGEST_DAYS}."
    if not 0 <= template.backdate_seconds <= _LONGEST_BACKDATE:
        yield f"backdate_seconds: must be 0 to {_LONGEST_BACKDATE} (48 hours)."
    if template.max_sans < 0:
        yield "max_sans: must not be negative."
    if not template.name.strip() or not template.key_types:
        yield "name, key_types: must not be empty."


def _usage_faults(template: Template) -> Iterator[str]:
    for purpose in template.extended_key_usages:
        oid = purpose_oid(purpose)
        if oid is None or oid in FORBIDDEN_PURPOSES:
            yield f"extended_key_usages: {purpose!r} is unknown or never given to a subscriber."
    for key_type in template.key_types:
        if key_type in KEY_TYPES and not usages_for(KEY_TYPES[key_type], template.key_usages):
            yield f"key_usages: none of them is possible for {key_type}."


def _unknown(field: str, values: Iterable[str], known: Collection[str]) -> Iterator[str]:
    for value in values:
        if value not in known:
            yield f"{field}: {value!r} is not one of {', '.join(known)}."
