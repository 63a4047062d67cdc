import re
from pathlib import Path

import pytest

# A path of somebody's machine; a path inside an address ("/pki/root/generate") is preceded by a word.
MACHINE_PATH = re.compile(r"(?<![\w.}…])/(?:work|root|home/\w+|Users/\w+)/")
# The patterns are written so that this file does not match itself.
LOOSE_END = re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X])\b")
PRIVATE_KEY = re.compile(r"-{5}BEGIN [A-Z ]*PRIVATE KEY-{5}[\s\\n\"']*[A-Za-z0-9+/=]{40}")
PATTERNS = {"a path of a machine": MACHINE_PATH, "a loose end": LOOSE_END, "a private key": PRIVATE_KEY}


def found(text: str) -> dict[str, str]:
    return {name: match.group() for name, pattern in PATTERNS.items() if (match := pattern.search(text))}


def test_no_file_holds_a_machines_path_a_loose_end_or_a_private_key(sources: list[Path]) -> None:
    texts = {str(source): source.read_bytes().decode(errors="replace") for source in sources}

    assert {name: faults for name, text in texts.items() if (faults := found(text))} == {}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cd " + "/ro" + "ot/certloom", "a path of a machine"),
        ("open('" + "/home" + "/ada/key.pem')", "a path of a machine"),
        ("# TO" + "DO: later", "a loose end"),
        ("-----BEGIN EC " + "PRIVATE KEY-----\n" + "M" * 64, "a private key"),
    ],
)
def test_each_of_them_would_be_found(text: str, name: str) -> None:
    assert list(found(text)) == [name]


@pytest.mark.parametrize(
    "text", ["POST /v1/pki/root/generate/internal", "{base}/work/item", '"-----BEGIN PRIVATE KEY-----"']
)
def test_addresses_and_bare_pem_labels_are_no_fault(text: str) -> None:
    assert found(text) == {}
