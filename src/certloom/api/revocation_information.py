"""/pki: what programs fetch to check certificates, over plain HTTP and without credentials (RFC 5280, RFC 6960)."""

import base64
import binascii
import hashlib
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from certloom.operations.ocsp import OcspAnswer, answer_ocsp
from certloom.operations.revocation_lists import PublicFile, public_file

__all__ = ["RevocationInformationController"]

_LONGEST_REQUEST = 16_384


class RevocationInformationController(Controller):
    """CRLs, OCSP and the certificates of authorities. All of it is signed, and none of it secret."""

    path = "/pki"
    include_in_schema = False

    @get("/{file_name:str}", operation_id="ReadPublicFile")
    async def read_file(self, request: Request[Any, Any, Any], file_name: FromPath[str]) -> Response[bytes]:
        """The newest CRL of an authority (name.crl), or its certificate (name.crt), in DER."""
        state = request.scope["state"]
        file = await public_file(state["services"], file_name)
        tag = f'"{hashlib.sha256(file.content).hexdigest()[:32]}"'
        known = state["headers"].get(b"if-none-match", b"").decode("latin-1")
        if tag in (one.strip().removeprefix("W/") for one in known.split(",")) or known.strip() == "*":
            return Response(b"", status_code=304, media_type=file.media_type, headers=_headers(file, tag))
        return Response(file.content, media_type=file.media_type, headers=_headers(file, tag))

    @post("/ocsp", operation_id="AskOcsp", status_code=200, request_max_body_size=_LONGEST_REQUEST)
    async def ask(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """The status of certificates: an OCSPRequest in DER is answered with an OCSPResponse (RFC 6960, A.1)."""
        found = await answer_ocsp(request.scope["state"]["services"], await request.body())
        return _ocsp(OcspAnswer(found.content))

    @get("/ocsp/{encoded:str}", operation_id="GetOcsp")
    async def ask_by_address(self, request: Request[Any, Any, Any], encoded: FromPath[str]) -> Response[bytes]:
        """The same with the request in the address, in base64, so that caches can answer (RFC 5019, section 6)."""
        try:
            der = base64.b64decode(encoded, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            der = b""
        return _ocsp(await answer_ocsp(request.scope["state"]["services"], der))


def _ocsp(answered: OcspAnswer) -> Response[bytes]:
    kept = f"public, max-age={answered.seconds}" if answered.seconds else "no-store"
    return Response(answered.content, media_type="application/ocsp-response", headers={"cache-control": kept})


def _headers(file: PublicFile, tag: str) -> dict[str, str]:
    modified = {"last-modified": file.last_modified} if file.last_modified else {}
    return {"etag": tag, "cache-control": f"public, max-age={file.seconds}", **modified}
