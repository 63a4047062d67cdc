"""The linter's own process: reads certificates from its input, writes findings to its output.

Run as ``python -m certloom.authorities.embedded.lint_worker``. A message in is a length of four octets and
that many octets of DER; a message out is one line of JSON, a list of findings. The first line out, an empty
list, says that the process is ready. It ends when its input does, so it cannot outlive its parent.
"""

import re
import signal
import sys
from typing import BinaryIO, Final

import msgspec
from pkilint import loader
from pkilint.pkix import certificate, extension, name
from pkilint.validation import ValidationFindingSeverity, ValidationResult, Validator

from certloom.authorities.embedded.finding import Finding

__all__ = ["main"]

_LENGTH_OCTETS: Final = 4
_DOMAIN_SYNTAX: Final = "pkix.invalid_domain_name_syntax"
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII | re.IGNORECASE)


def main() -> None:
    """Serve until the input ends."""
    # The parent decides when this process ends; an interrupt from the terminal is the parent's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin.buffer, sys.stdout.buffer)


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Answer each certificate from ``source`` with a line to ``target``."""
    validator, encoder = _validator(), msgspec.json.Encoder()
    _write(target, encoder.encode([]))
    while len(length := source.read(_LENGTH_OCTETS)) == _LENGTH_OCTETS:
        der = source.read(int.from_bytes(length))
        _write(target, encoder.encode(lint(validator, der)))


def lint(validator: Validator, der: bytes) -> list[Finding]:
    """Return the findings of severity WARNING and worse."""
    document = loader.RFC5280CertificateDocumentLoader().load_der_document(der)
    return [
        Finding(str(each.finding.severity), each.finding.code, each.message or str(result.node.path))
        for result in validator.validate(document.root)
        for each in result.finding_descriptions
        if each.finding.severity <= ValidationFindingSeverity.WARNING
        and not (each.finding.code == _DOMAIN_SYNTAX and _is_single_label(result))
    ]


def _is_single_label(result: ValidationResult) -> bool:
    """Whether the value is a host name without a dot, such as localhost.

    The preferred name syntax that RFC 5280 section 4.2.1.6 asks for allows one label (RFC 1034 section 3.5, RFC 1123
    section 2.1); pkilint wants a dot. Whether a template allows such a name is for its rules to say.
    """
    return _LABEL.fullmatch(str(result.node.pdu)) is not None


def _validator() -> Validator:
    """Return pkilint's validator of the PKIX profile (RFC 5280)."""
    return certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )


def _write(target: BinaryIO, line: bytes) -> None:
    target.write(line + b"\n")
    target.flush()


if __name__ == "__main__":
    main()
