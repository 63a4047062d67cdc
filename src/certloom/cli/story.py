"""The story of the demo, scene by scene. Every claim it makes is checked against the server's answers."""

import asyncio
import base64
import shutil
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certloom.cli.person import Person, StoryFailed
from certloom.cli.revocation_check import told_by_crl, told_by_ocsp
from certloom.outbound.http import ConfiguredHttp

__all__ = ["Story", "StoryFailed"]

_STEP = "RequireApproval1"
_KEY = f"{_STEP}.ApprovalStatus"


class Story:
    """Tells what happens, and stops where it does not."""

    def __init__(self, *, as_json: bool = False) -> None:
        self._as_json = as_json
        self._number = 0

    def tell(self, text: str) -> None:
        """One sentence or two, numbered."""
        self._number += 1
        if self._as_json:
            line = msgspec.json.encode({"step": self._number, "text": text}).decode()
        else:
            line = f"{self._number:3}. {text}"
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    async def play(self, url: str, passwords: dict[str, str]) -> None:
        """The whole story. Raises StoryFailed at the first thing that is not as it must be."""
        async with AsyncExitStack() as stack:
            people = {}
            for name, password in passwords.items():
                http = await stack.enter_async_context(ConfiguredHttp(f"{url}/KeyfactorAPI", (name, password)))
                people[name.rpartition("\\")[2]] = Person(name, http)
            await self._define(people["admin"], "Enrollment", "EnrollStep")
            certificate_id = await self._enroll(people)
            await self._deny(people)
            await self._define(people["admin"], "Revocation", "RevokeStep")
            await self._revoke(people, certificate_id)
            await self._issue_at_once(people["alice"])

    async def _define(self, admin: Person, workflow_type: str, closing: str) -> None:
        role_id = next(r["Id"] for r in await admin.ask("GET", "Security/Roles") if r["Name"] == "Approvers")
        template = next(t for t in await admin.ask("GET", "Templates") if t["CommonName"] == "WebServer")
        name = f"Web server {workflow_type.lower()}"
        created = await admin.ask(
            "POST",
            "Workflow/Definitions",
            {"DisplayName": name, "Key": str(template["Id"]), "WorkflowType": workflow_type, "Description": name},
        )
        path = f"Workflow/Definitions/{created['Id']}"
        await admin.ask("PUT", f"{path}/Steps", _steps(closing, role_id))
        published = await admin.ask("POST", f"{path}/Publish")
        _must(published["IsPublished"] is True, "the definition is not published")
        self.tell(f"{admin.name} created the definition {name!r} for template WebServer, gave it StartNOOP, "
                  f"RequireApproval, {closing} and EndNOOP, and published it.")  # fmt: skip

    async def _enroll(self, people: dict[str, Person]) -> int:
        alice, bob = people["alice"], people["bob"]
        asked = await alice.ask("POST", "Enrollment/CSR", _order("WebServer", "web01.corp.example"))
        information = asked["CertificateInformation"]
        _must(information["RequestDisposition"] == "PENDING", "the request did not wait")
        path = f"Workflow/Instances/{information['WorkflowInstanceId']}"
        self.tell(f"{alice.name} sent a fresh CSR for web01.corp.example and was told PENDING, workflow instance "
                  f"number {information['WorkflowReferenceId']}.")  # fmt: skip
        waiting = await alice.ask("GET", path)
        _must(waiting["Status"] == "Suspended", "the instance does not wait")
        _must([s["SignalName"] for s in waiting["Signals"]] == ["ApprovalStatus"], "it waits for another signal")
        self.tell(f'The instance reads {waiting["Status"]}: "{waiting["Title"]}" {waiting["StatusMessage"]}')
        await self._refuse(people, path)
        mine = await bob.ask("GET", "Workflow/Instances/AssignedToMe")
        _must([i["Id"] for i in mine] == [waiting["Id"]], "the approver does not find it")
        await bob.ask("POST", f"{path}/Signals", _vote(approved=True, comment="Ticket REQ-77 checked."), expect=204)
        done = await bob.ask("GET", path)
        _must(done["Status"] == "Complete", f"the instance reads {done['Status']}: {done['StatusMessage']}")
        certificate_id = int(done["CurrentStateData"]["KeyfactorId"])
        self.tell(f"{bob.name} found it among what is assigned to him and approved with a comment. The instance reads "
                  f"{done['Status']}, and its data names certificate {certificate_id}.")  # fmt: skip
        await self._verify(alice, certificate_id)
        return certificate_id

    async def _refuse(self, people: dict[str, Person], path: str) -> None:
        alice, carol = people["alice"], people["carol"]
        vote = _vote(approved=True)
        why = await alice.refused("POST", f"{path}/Signals", vote, expect=403, saying="self-approval")
        _must(not await alice.ask("GET", "Workflow/Instances/AssignedToMe"), "it is assigned to its requester")
        self.tell(f"{alice.name} is an approver, too, but: 403, {why}")
        why = await carol.refused("POST", f"{path}/Signals", vote, expect=403, saying="roles")
        await carol.ask("GET", path, expect=404)
        self.tell(f"{carol.name} is none: 403, {why} For her the instance does not even exist (404).")

    async def _verify(self, alice: Person, certificate_id: int) -> None:
        openssl, (leaf, issuing, root) = _openssl(), await _chain(alice, certificate_id)
        refusal = await asyncio.to_thread(_openssl_refusal, openssl, {"leaf": leaf, "issuing": issuing, "root": root})
        _must(refusal is None, f"openssl does not accept the certificate: {refusal}")
        self.tell(f"{alice.name} downloaded it with its chain, and openssl verify accepts it: "
                  f"{leaf.subject.rfc4514_string()} ← {leaf.issuer.rfc4514_string()} ← "
                  f"{issuing.issuer.rfc4514_string()}.")  # fmt: skip

    async def _deny(self, people: dict[str, Person]) -> None:
        alice, bob = people["alice"], people["bob"]
        asked = await alice.ask("POST", "Enrollment/CSR", _order("WebServer", "web02.corp.example"))
        path = f"Workflow/Instances/{asked['CertificateInformation']['WorkflowInstanceId']}"
        await bob.ask("POST", f"{path}/Signals", _vote(approved=False, comment="Unknown host."), expect=204)
        ended = await alice.ask("GET", path)
        _must(ended["Status"] == "Rejected", f"the instance reads {ended['Status']}")
        _must("KeyfactorId" not in ended["CurrentStateData"], "a certificate exists all the same")
        self.tell(f"The same again for web02.corp.example, but {bob.name} denied it. The instance reads "
                  f'{ended["Status"]}: "{ended["StatusMessage"]}" No certificate exists.')  # fmt: skip

    async def _revoke(self, people: dict[str, Person], certificate_id: int) -> None:
        alice, bob = people["alice"], people["bob"]
        order = {"CertificateIds": [certificate_id], "Reason": 4, "Comment": "Replaced by web03."}
        asked = await alice.ask("POST", "Certificates/Revoke", order)
        _must(not asked["RevokedIds"] and len(asked["SuspendedCerts"]) == 1, "the revocation did not wait")
        path = f"Workflow/Instances/{asked['SuspendedCerts'][0]['WorkflowId']}"
        title = (await alice.ask("GET", path))["Title"]
        await bob.ask("POST", f"{path}/Signals", _vote(approved=True), expect=204)
        done = await alice.ask("GET", path)
        _must(done["Status"] == "Complete", f"the instance reads {done['Status']}: {done['StatusMessage']}")
        certificate = await alice.ask("GET", f"Certificates/{certificate_id}")
        _must(certificate["CertStateString"] == "Revoked (2)", f"it reads {certificate['CertStateString']}")
        self.tell(f'"{title}" waited for approval as well; {bob.name} approved, and the certificate reads '
                  f"{certificate['CertStateString']}.")  # fmt: skip
        await self._confirm(people["admin"], alice, certificate_id)

    async def _confirm(self, admin: Person, alice: Person, certificate_id: int) -> None:
        openssl, chain = _openssl(), await _chain(alice, certificate_id)
        order = {"CertificateAuthorityLogicalName": chain[1].subject.rfc4514_string().removeprefix("CN=")}
        await admin.ask("POST", "CertificateAuthority/PublishCRL", order, expect=204)
        by_crl = await asyncio.to_thread(told_by_crl, openssl, chain)
        _must("certificate revoked" in by_crl, f"by the CRL openssl does not find it revoked: {by_crl}")
        by_ocsp = await asyncio.to_thread(told_by_ocsp, openssl, chain)
        revoked = "leaf: revoked" in by_ocsp and "Reason: superseded" in by_ocsp and "Response verify OK" in by_ocsp
        _must(revoked, f"by OCSP openssl does not find it revoked: {by_ocsp}")
        self.tell("openssl confirms it twice, at the addresses the certificate names: by the CRL it fetched "
                  '("certificate revoked"), and by OCSP ("revoked", "superseded", "Response verify OK").')  # fmt: skip

    async def _issue_at_once(self, alice: Person) -> None:
        asked = await alice.ask("POST", "Enrollment/CSR", _order("TestServer", "ci.test.example"))
        information = asked["CertificateInformation"]
        _must(information["RequestDisposition"] == "ISSUED", "it was not issued at once")
        _must(len(information["Certificates"]) == len(("leaf", "issuing", "root")), "the chain is not whole")
        instance = await alice.ask("GET", f"Workflow/Instances/{information['WorkflowInstanceId']}")
        _must(instance["Status"] == "Complete", f"its instance reads {instance['Status']}")
        self.tell(f"For template TestServer nobody has to approve: {information['RequestDisposition']} at once with "
                  f"the whole chain, and it has an instance all the same, in "
                  f"{instance['Definition']['DisplayName']!r}.")  # fmt: skip


async def _chain(alice: Person, certificate_id: int) -> list[x509.Certificate]:
    """The certificate, its issuer and the root."""
    wanted = {"CertID": certificate_id, "IncludeChain": True, "ChainOrder": "EndEntityFirst"}
    file = await alice.ask("POST", "Certificates/Download", wanted)
    return x509.load_pem_x509_certificates(base64.b64decode(file["Content"]))


def _openssl() -> str:
    openssl = shutil.which("openssl")
    if openssl is None:
        raise StoryFailed("openssl is not installed, so the certificate could not be verified")
    return openssl


def _must(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise StoryFailed(otherwise)


def _openssl_refusal(openssl: str, files: dict[str, x509.Certificate]) -> str | None:
    """What ``openssl verify`` has against a leaf under its issuer and root; None when nothing."""
    with tempfile.TemporaryDirectory() as folder:
        for name, certificate in files.items():
            Path(folder, name).write_bytes(certificate.public_bytes(Encoding.PEM))
        command = [openssl, "verify", "-CAfile", "root", "-untrusted", "issuing", "-purpose", "sslserver", "leaf"]
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    return result.stderr if result.returncode else None


def _steps(closing: str, role_id: int) -> list[dict[str, Any]]:
    def step(name: str, extension: str, following: str | None, **more: Any) -> dict[str, Any]:
        outputs = {"continue": following} if following else {}
        return {"UniqueName": name, "DisplayName": name, "ExtensionName": extension, "Outputs": outputs, **more}

    signals = [{"SignalName": "ApprovalStatus", "RoleIds": [role_id]}]
    return [
        step("StartNOOP", "NOOPStep", _STEP),
        step(_STEP, "RequireApproval", closing, ConfigurationParameters={"MinimumApprovals": 1}, Signals=signals),
        step(closing, closing, "EndNOOP"),
        step("EndNOOP", "NOOPStep", None),
    ]


def _order(template: str, host: str) -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    csr = request.public_bytes(Encoding.PEM).decode()
    return {"CSR": csr, "Template": template, "CertificateAuthority": "", "IncludeChain": True, "Metadata": {}}


def _vote(*, approved: bool, comment: str = "") -> dict[str, Any]:
    return {"SignalKey": _KEY, "Data": {"Approved": str(approved), "Comment": comment}}
