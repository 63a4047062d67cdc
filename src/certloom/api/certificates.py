"""/Certificates. Source: api-surface reference, 6.2."""

import base64
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from certloom.api.answers import answer
from certloom.api.call import call_of
from certloom.api.certificate_shapes import certificate_response
from certloom.api.file_formats import read_format, read_key_format, root_first
from certloom.api.number import read_number
from certloom.api.openapi import documented
from certloom.api.schemas.certificates import (
    CertificateResponse,
    DownloadRequest,
    DownloadResponse,
    RecoverRequest,
    RecoverResponse,
    RevokeRequest,
    RevokeResponse,
    SuspendedCertificate,
)
from certloom.operations.certificates import (
    CertificateChoice,
    certificate_view,
    download_certificate,
    recover_certificate,
    revoke_certificates,
)
from certloom.operations.held_keys import FileOrder
from certloom.operations.revocation_lists import publish_due_crls
from certloom.pki.chain import order, pem, pem_with_subject, pkcs7
from certloom.pki.key_file import certificates_zip, file_name

__all__ = ["CertificatesController"]


class CertificatesController(Controller):
    """What was issued."""

    path = "/KeyfactorAPI/Certificates"
    tags = ("Certificate",)

    @get("/{certificate_id:str}", operation_id="ReadCertificate", **documented(CertificateResponse))
    async def read_one(self, request: Request[Any, Any, Any], certificate_id: FromPath[str]) -> Response[bytes]:
        """One certificate."""
        call = call_of(request)
        view = await certificate_view(call.services, call.actor, read_number(certificate_id, "a certificate"))
        return answer(certificate_response(view, call.services.clock()))

    @post(
        "/Download",
        operation_id="DownloadCertificate",
        status_code=200,
        **documented(DownloadResponse, body=DownloadRequest),
    )
    async def download(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """The certificate as a file, with its chain if asked. Header: x-certificateformat (PEM, DER, P7B, ZIP)."""
        call = call_of(request)
        wanted = await call.body(DownloadRequest)
        certificate_format = read_format(call.header("x-certificateformat"))
        row, chain = await download_certificate(call.services, call.actor, _choice(wanted))
        return answer(DownloadResponse(content=_content(row.der, chain, wanted, certificate_format)))

    @post(
        "/Recover",
        operation_id="RecoverCertificate",
        status_code=200,
        **documented(RecoverResponse, body=RecoverRequest),
    )
    async def recover(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """The certificate with its private key. Header: x-certificateformat (PFX, P12, PEM, ZIP)."""
        call = call_of(request)
        wanted = await call.body(RecoverRequest)
        file = FileOrder(
            password=wanted.password,
            file_format=read_key_format(call.header("x-certificateformat")),
            include_chain=wanted.include_chain,
            root_first=root_first(wanted.chain_order),
            legacy=wanted.use_legacy_encryption,
        )
        row, handed_out = await recover_certificate(call.services, call.actor, _choice(wanted), file)
        name = file_name(row.issued_cn or "", file.file_format)
        return answer(RecoverResponse(pfx=base64.b64encode(handed_out.content).decode(), file_name=name))

    @post(
        "/Revoke",
        operation_id="RevokeCertificates",
        status_code=200,
        **documented(RevokeResponse, body=RevokeRequest),
    )
    async def revoke(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Revoke certificates or put them on hold (6), or end a hold (8), each in a workflow instance of its own."""
        call = call_of(request)
        wanted = await call.body(RevokeRequest)
        found = await revoke_certificates(
            call.services, call.actor, wanted.certificate_ids, wanted.reason, wanted.comment, wanted.effective_date
        )
        if wanted.publish_crl:
            await publish_due_crls(call.services)
        waiting = [
            SuspendedCertificate(cert_id=one.certificate_id, workflow_id=one.instance_id, message=one.message)
            for one in found.suspended
        ]
        return answer(RevokeResponse(revoked_ids=list(found.revoked), suspended_certs=waiting))


def _choice(wanted: DownloadRequest | RecoverRequest) -> CertificateChoice:
    return CertificateChoice(
        certificate_id=wanted.cert_id,
        thumbprint=wanted.thumbprint or "",
        serial_number=wanted.serial_number or "",
        issuer_dn=wanted.issuer_dn or "",
    )


def _content(leaf: bytes, chain: tuple[bytes, ...], wanted: DownloadRequest, certificate_format: str) -> str:
    end_entity_first = not root_first(wanted.chain_order)
    ders = order((leaf, *chain), end_entity_first=end_entity_first) if wanted.include_chain else (leaf,)
    if certificate_format == "DER":
        content = leaf
    elif certificate_format == "P7B":
        content = pkcs7(ders)
    elif certificate_format == "ZIP":
        content = certificates_zip(ders)
    else:
        content = "".join(pem_with_subject(der) if wanted.include_subject_header else pem(der) for der in ders).encode()
    return base64.b64encode(content).decode()
