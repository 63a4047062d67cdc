import asyncio
import datetime as dt
import io
import signal
import subprocess
import sys
from collections.abc import AsyncIterator

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from certloom.authorities.embedded import lint_worker
from certloom.authorities.embedded.ceremony import AuthorityMaterial
from certloom.authorities.embedded.finding import CERTIFICATE, Finding
from certloom.authorities.embedded.lint import COMMAND, Linter, LintUnavailable
from certloom.pki.subject import read_subject
from certloom.scripting.child_process import ChildProcess


def _python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", "import sys, time\nprint('[]', flush=True)\n" + program)


def _with(linter: Linter, *commands: tuple[str, ...]) -> Linter:
    linter._all = tuple(ChildProcess(command) for command in commands)
    return linter


def _question(der: bytes) -> bytes:
    return (len(der) + 1).to_bytes(4) + CERTIFICATE + der


@pytest.fixture
def faulty(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A certificate without any extension, and with a subject that has no issuer."""
    begins = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder().subject_name(read_subject("CN=a")).issuer_name(x509.Name([]))
    builder = builder.public_key(key.public_key()).serial_number(7).not_valid_before(begins)
    return builder.not_valid_after(begins).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.fixture
async def closing() -> AsyncIterator[list[Linter]]:
    linters: list[Linter] = []
    yield linters
    for each in linters:
        await each.close()


async def test_f05_errors_are_found_with_their_rule(linter: Linter, faulty: bytes) -> None:
    found = await linter.findings(faulty)
    assert any(each.severity in {"ERROR", "FATAL"} and each.rule.startswith("pkix.") for each in found)
    assert all(each.message for each in found)


async def test_many_certificates_at_once_get_their_own_answers(
    linter: Linter, faulty: bytes, root: AuthorityMaterial
) -> None:
    answers = await asyncio.gather(*(linter.findings(der) for der in [faulty, root.certificate] * 10))
    assert all(answers[::2])
    assert not any(answers[1::2])


@pytest.mark.parametrize(
    "program",
    [
        "sys.stdin.buffer.read(4)\nsys.exit(1)",
        "time.sleep(60)",
        "print('nonsense', flush=True)\ntime.sleep(60)",
        "print('{}', flush=True)\ntime.sleep(60)",
        "print('[', end='', flush=True)",
        "print('x' * 2_000_000, flush=True)\ntime.sleep(60)",
    ],
    ids=["crash", "time-out", "no JSON", "another shape", "half an answer", "endless line"],
)
async def test_f05_a_linter_without_an_answer_blocks(program: str, closing: list[Linter]) -> None:
    linter = _with(Linter(seconds=1), _python(program))
    closing.append(linter)
    await linter.start()
    with pytest.raises(LintUnavailable, match="nothing was signed"):
        await linter.findings(b"\x30\x00")


async def test_f05_a_crashed_process_is_replaced(closing: list[Linter], root: AuthorityMaterial, faulty: bytes) -> None:
    linter = _with(Linter(), COMMAND)
    closing.append(linter)
    await linter.start()
    with pytest.raises(LintUnavailable):
        await linter.findings(b"no certificate at all")
    assert await linter.findings(root.certificate) == ()
    assert await linter.findings(faulty)


async def test_f05_the_answer_to_a_question_given_up_is_not_that_of_the_next(
    linter: Linter, faulty: bytes, root: AuthorityMaterial
) -> None:
    for _ in range(3):
        question = asyncio.create_task(linter.findings(faulty))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        question.cancel()
        with pytest.raises(asyncio.CancelledError):
            await question
        assert await linter.findings(root.certificate) == ()


async def test_f05_a_linter_that_cannot_start_blocks() -> None:
    for command in (("/nonexistent/python",), (sys.executable, "-c", "raise SystemExit(3)")):
        linter = _with(Linter(), command)
        with pytest.raises(LintUnavailable):
            await linter.start()
        with pytest.raises(LintUnavailable):
            await linter.findings(b"")


async def test_f05_a_closed_linter_blocks_those_who_wait(closing: list[Linter]) -> None:
    linter = _with(Linter(seconds=30), _python("time.sleep(60)"))
    closing.append(linter)
    await linter.start()
    waiting = [asyncio.create_task(linter.findings(b"\x30\x00")) for _ in range(3)]
    await asyncio.sleep(0.05)
    await linter.close()
    assert all(isinstance(each, LintUnavailable) for each in await asyncio.gather(*waiting, return_exceptions=True))
    assert all(process._process is None for process in linter._all)


def test_the_worker_imports_the_linter_and_nothing_of_the_server() -> None:
    program = (
        "import sys, certloom.authorities.embedded.lint_worker\n"
        "print(*sorted(n for n in sys.modules if n.startswith(('certloom', 'litestar', 'uvicorn', 'asyncio'))))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()  # noqa: S603 - our own words
    assert {name.split(".")[0] for name in shown} == {"certloom"}
    assert shown[-1] == "certloom.authorities.embedded.lint_worker"
    assert not {name.split(".")[1] for name in shown if "." in name} - {"authorities"}


def test_the_worker_survives_an_interrupt_and_ends_with_its_input(root: AuthorityMaterial) -> None:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own command
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"[]\n"
        process.send_signal(signal.SIGINT)
        process.stdin.write(_question(root.certificate))
        process.stdin.flush()
        assert process.stdout.readline() == b"[]\n"
        process.stdin.close()
        assert process.wait(10) == 0


def test_the_worker_answers_each_certificate_with_a_line(root: AuthorityMaterial, faulty: bytes) -> None:
    source = io.BytesIO(b"".join(map(_question, (root.certificate, faulty))))
    target = io.BytesIO()
    lint_worker.serve(source, target)
    ready, clean, bad = (msgspec.json.decode(line, type=list[Finding]) for line in target.getvalue().splitlines())
    assert (ready, clean) == ([], [])
    assert {each.severity for each in bad} <= {"FATAL", "ERROR", "WARNING"}
    assert bad


@pytest.mark.parametrize(
    ("name", "stands"),
    [
        ("localhost", False),
        ("web-01", False),
        ("a_b", True),
        ("-web", True),
        ("web-", True),
        ("a b", True),
        ("a..b", True),
    ],
)
async def test_a_host_name_without_a_dot_is_no_fault_and_a_misspelled_one_is(
    linter: Linter,
    key: ec.EllipticCurvePrivateKey,
    name: str,
    stands: bool,  # noqa: FBT001 - from the table
) -> None:
    begins = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder().subject_name(read_subject("CN=a")).issuer_name(read_subject("CN=b"))
    builder = builder.public_key(key.public_key()).serial_number(7).not_valid_before(begins).not_valid_after(begins)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    found = await linter.findings(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER))
    assert ("pkix.invalid_domain_name_syntax" in {each.rule for each in found}) is stands
