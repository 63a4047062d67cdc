import re
import tomllib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.pki import template as template_module
from certloom.pki.key import PublicKeyFacts
from certloom.pki.request import CertificateRequest
from certloom.pki.template import Template, TemplateInvalid, completed, read_template, violations

KEY = PublicKeyFacts(algorithm="ECC", size_bits=256, curve="P-256", spki_sha256="00")
TEMPLATE = Template(
    id=1,
    name="WebServer",
    display_name="Web server, one year",
    key_types=("RSA-2048", "P-256"),
    subject_rules={"CN": r"[a-z0-9.-]+\.corp\.example", "O": "Corp"},
    san_kinds=("dns", "ip"),
    san_rules={"dns": r"(\*\.)?[a-z0-9.-]+\.corp\.example"},
    max_sans=5,
)


def request(subject: str = "CN=web01.corp.example", **sans: tuple[str, ...]) -> CertificateRequest:
    return CertificateRequest(csr=b"", subject=subject, sans=sans, template="WebServer", authority="CA")


def test_a_request_that_keeps_all_rules_has_no_violations() -> None:
    assert violations(TEMPLATE, request("CN=web01.corp.example,O=Corp", dns=("web01.corp.example",)), KEY) == ()


def test_every_violation_is_named_at_once() -> None:
    weak = msgspec.structs.replace(KEY, curve="P-521", size_bits=521)
    asked = request(
        "CN=web01.evil.example,O=Evil",
        dns=("*.corp.example", "a.evil.example", "*.x.corp.example"),
        uri=("https://a.example/",),
        rfc822=("a@corp.example",),
    )
    found = violations(TEMPLATE, asked, weak)
    for needle in (
        "P-521",
        "CN 'web01.evil.example' does not match",
        "O 'Evil' does not match",
        "6 names",
        "'a.evil.example' does not match",
        "'web01.evil.example' does not match",
        "'*.corp.example' has a wildcard",
        "'*.x.corp.example' has a wildcard",
        "uri names https://a.example/",
        "rfc822 names a@corp.example",
    ):
        assert any(needle in sentence for sentence in found), needle


def test_required_parts_and_an_empty_request_are_named() -> None:
    assert any("lacks CN" in sentence for sentence in violations(TEMPLATE, request("O=Corp"), KEY))
    free = msgspec.structs.replace(TEMPLATE, required_subject=())
    assert any("neither" in sentence for sentence in violations(free, request(""), KEY))


def test_rules_match_whole_values_only() -> None:
    for name in ("web01.corp.example.evil.com", "web01.corp.example\n"):
        assert violations(TEMPLATE, request(dns=(name,)), KEY)


def test_unreadable_names_are_violations() -> None:
    assert "cannot be certified" in violations(TEMPLATE, request(dns=("a_b.corp.example",)), KEY)[0]
    assert "cannot be read" in violations(TEMPLATE, request("nonsense"), KEY)[0]


@pytest.mark.parametrize(
    ("name", "kind", "certified"),
    [
        ("Web01.Corp.Example", "dns", "web01.corp.example"),
        ("192.0.2.1", "ip", "192.0.2.1"),
        ("a@b.example", "rfc822", "a@b.example"),
    ],
)
def test_the_common_name_is_added_to_the_names_once(name: str, kind: str, certified: str) -> None:
    whole = completed(TEMPLATE, request(f"CN={name}"))
    assert whole.sans == {kind: (certified,)}
    assert completed(TEMPLATE, whole) == whole


def test_e02_the_common_name_obeys_the_rules_of_names() -> None:
    loose = msgspec.structs.replace(TEMPLATE, subject_rules={})
    assert any("dns name 'evil.example'" in sentence for sentence in violations(loose, request("CN=evil.example"), KEY))
    assert any("cannot be among the names" in each for each in violations(loose, request("CN=Jane Doe"), KEY))
    people = msgspec.structs.replace(loose, common_name_in_sans=False)
    assert violations(people, request("CN=Jane Doe"), KEY) == ()


@given(st.integers(2, 20), st.data())
def test_f06_the_one_wrong_name_among_many_is_found(count: int, data: st.DataObject) -> None:
    wide = msgspec.structs.replace(TEMPLATE, max_sans=50)
    names = [f"host{n}.corp.example" for n in range(count)]
    wrong = data.draw(st.integers(0, count - 1))
    names[wrong] = "evil.example.com"
    found = violations(wide, request("CN=web01.corp.example", dns=tuple(names)), KEY)
    assert len(found) == 1
    assert "'evil.example.com'" in found[0]


def test_f06_each_distinct_name_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[tuple[str, str]] = []

    def matches(rule: str, value: str) -> bool:
        checked.append((rule, value))
        return True

    monkeypatch.setattr(template_module, "_matches", matches)
    names = tuple(f"host{n}.corp.example" for n in range(4))
    assert violations(TEMPLATE, request(dns=names), KEY) == ()
    rule = TEMPLATE.san_rules["dns"]
    assert [value for used, value in checked if used == rule] == [*names, "web01.corp.example"]


def test_values_too_long_to_be_matched_do_not_match() -> None:
    uris = msgspec.structs.replace(TEMPLATE, san_kinds=("dns", "uri"), san_rules={"uri": ".*"})
    assert violations(uris, request(uri=("https://a.example/" + "a" * 400,)), KEY) == ()
    assert violations(uris, request(uri=("https://a.example/" + "a" * 600,)), KEY)


def _table(**changes: object) -> dict[str, object]:
    text = """
        id = 1
        name = "WebServer"
        display_name = "Web server"
        key_types = ["RSA-2048", "P-256"]
        validity_days = 365
        key_usages = ["digitalSignature", "keyEncipherment"]
        extended_key_usages = ["serverAuth", "1.3.6.1.5.5.7.3.2"]
        required_subject = ["CN"]
        subject_rules = { CN = '[a-z.]+' }
        san_kinds = ["dns"]
        san_rules = { dns = '[a-z.]+' }
        authority = "Corp Issuing"
        allowed_requesters = ["Server Owners"]
        backdate_seconds = 60
    """
    return tomllib.loads(text) | changes


def test_a_template_is_read_from_a_table() -> None:
    read = read_template(_table())
    assert (read.name, read.authority, read.backdate_seconds) == ("WebServer", "Corp Issuing", 60)
    assert read.subject_rules == {"CN": "[a-z.]+"}


@pytest.mark.parametrize(
    ("changes", "located"),
    [
        ({"validity_days": 0}, "validity_days:"),
        ({"validity_days": "many"}, "validity_days:"),
        ({"backdate_seconds": 48 * 3600 + 1}, "backdate_seconds:"),
        ({"max_sans": -1}, "max_sans:"),
        ({"key_types": []}, "key_types:"),
        ({"key_types": ["RSA-1024"]}, "key_types: 'RSA-1024'"),
        ({"key_usages": ["keyCertSign"]}, "key_usages: 'keyCertSign'"),
        ({"key_usages": ["keyEncipherment"]}, "key_usages: none of them is possible for P-256"),
        ({"extended_key_usages": ["anyExtendedKeyUsage"]}, "extended_key_usages: 'anyExtendedKeyUsage'"),
        ({"extended_key_usages": ["2.5.29.37.0"]}, "extended_key_usages: '2.5.29.37.0'"),
        ({"extended_key_usages": ["1.3.6.1.5.5.7.3.9"]}, "extended_key_usages: '1.3.6.1.5.5.7.3.9'"),
        ({"extended_key_usages": ["web"]}, "extended_key_usages: 'web'"),
        ({"san_kinds": ["other"]}, "san_kinds: 'other'"),
        ({"san_rules": {"ip": ".*"}}, "san_rules: 'ip'"),
        ({"san_rules": {"dns": "("}}, "san_rules.dns:"),
        ({"subject_rules": {"FOO": "a"}}, "subject_rules: 'FOO'"),
        ({"required_subject": ["FOO"]}, "required_subject: 'FOO'"),
        ({"colour": "red"}, "colour: there is no such field"),
        ({"name": " "}, "name"),
    ],
)
def test_faults_are_located(changes: dict[str, Any], located: str) -> None:
    with pytest.raises(TemplateInvalid, match=re.escape(located)):
        read_template(_table(**changes))


def test_all_faults_are_told_together() -> None:
    with pytest.raises(TemplateInvalid) as caught:
        read_template({"validity_days": "many", "id": "x", "colour": 1})
    for located in ("colour:", "id:", "name: is missing", "display_name: is missing", "validity_days:"):
        assert located in caught.value.message
    with pytest.raises(TemplateInvalid) as caught:
        read_template(_table(validity_days=0, san_kinds=["x"], san_rules={}))
    assert "validity_days:" in caught.value.message
    assert "san_kinds:" in caught.value.message
