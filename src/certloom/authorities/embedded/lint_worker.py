"""The linter's own process: reads certificates and CRLs from its input, writes findings to its output.

Run as ``python -m certloom.authorities.embedded.lint_worker``. A message in is a length of four octets and
that many octets: a letter, C for a certificate or L for a CRL, and its DER. A message out is one line of JSON,
a list of findings. The first line out, an empty list, says that the process is ready. It ends when its input
does, so it cannot outlive its parent.
"""

import re
import signal
import sys
from collections.abc import Callable
from typing import BinaryIO, Final

import msgspec
from pkilint import loader, pkix
from pkilint.document import Document
from pkilint.pkix import certificate, crl, extension, name
from pkilint.validation import ValidationFindingSeverity, ValidationResult, Validator

from certloom.authorities.embedded.finding import CERTIFICATE, CRL, Finding

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
    """Answer each certificate or CRL from ``source`` with a line to ``target``."""
    linters, encoder = _linters(), msgspec.json.Encoder()
    _write(target, encoder.encode([]))
    while len(length := source.read(_LENGTH_OCTETS)) == _LENGTH_OCTETS:
        question = source.read(int.from_bytes(length))
        load, validator = linters[question[:1]]
        _write(target, encoder.encode(lint(validator, load(question[1:]))))


def lint(validator: Validator, document: Document) -> list[Finding]:
    """Return the findings of severity WARNING and worse."""
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


def _linters() -> dict[bytes, tuple[Callable[[bytes], Document], Validator]]:
    """Return how each kind of question is loaded and validated."""
    return {
        CERTIFICATE: (loader.RFC5280CertificateDocumentLoader().load_der_document, _validator()),
        CRL: (loader.RFC5280CertificateListDocumentLoader().load_der_document, _crl_validator()),
    }


def _crl_validator() -> Validator:
    """Return pkilint's validator of the PKIX profile of CRLs (RFC 5280, section 5)."""
    return crl.create_pkix_crl_validator_container(
        [
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [
            crl.create_issuer_validator_container([]),
            crl.create_validity_validator_container([]),
            crl.create_extensions_validator_container([]),
        ],
    )


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
