"""GUIDs as clients write them."""

import re
from typing import Final
from uuid import UUID

from certloom.errors import Invalid

__all__ = ["GuidMalformed", "ReferenceIdGiven", "read_guid"]

HEX: Final = "[0-9a-fA-F]"
HYPHENATED: Final = f"{HEX}{{8}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}}"
GUID: Final = re.compile(rf"{HYPHENATED}|\{{{HYPHENATED}\}}|{HEX}{{32}}", re.ASCII)
REFERENCE_ID: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
SHOWN_CHARACTERS: Final = 60


class GuidMalformed(Invalid):
    """A text that is no GUID where one belongs."""


class ReferenceIdGiven(Invalid):
    """The short number for people where the GUID belongs (reference: workflow-instances 1)."""


def read_guid(text: str) -> UUID:
    """Read a GUID: with hyphens, in braces, or as 32 hexadecimal digits, in any case.

    Raises:
        ReferenceIdGiven: for a short number, saying how to find the GUID.
        GuidMalformed: for anything else.
    """
    if GUID.fullmatch(text):
        return UUID(text)
    if REFERENCE_ID.fullmatch(text):
        message = (
            f"{text} looks like a ReferenceId, but this address needs the GUID. For a workflow instance, find it "
            f"with GET /Workflow/Instances?QueryString=ReferenceId -eq {text}."
        )
        raise ReferenceIdGiven(message)
    message = (
        f"{text[:SHOWN_CHARACTERS]!r} is not a GUID. Write it as 8-4-4-4-12 hexadecimal digits, "
        "for example 7d1c0f5e-2b8a-4f0e-9d4a-0c5a6f3e1b77."
    )
    raise GuidMalformed(message)
