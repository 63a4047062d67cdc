"""certloom demo: the whole story, through the public HTTP API of a server with embedded defaults."""

import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from certloom.app import installation, running
from certloom.cli.listening import Address, bound_socket, listening
from certloom.cli.sample import install_sample
from certloom.cli.story import Story, StoryFailed
from certloom.logs import set_up_logs
from certloom.settings import Settings

__all__ = ["demo"]

_HOST = "127.0.0.1"


async def demo(
    *,
    keep: Annotated[Path | None, Parameter(help="Keep the data folder here instead of a temporary one.")] = None,
    json: Annotated[
        bool, Parameter(negative="", show_default=False, help="Print every step as one JSON line.")
    ] = False,
) -> None:
    """Play the story: ask, wait, be approved, get the certificate, be denied, revoke. Exits 0 when all of it held.

    Example: certloom demo --keep ./certloom-demo
    """
    set_up_logs("console", "error")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="certloom-demo-") as temporary:
        folder = keep or Path(temporary) / "data"
        story = Story(as_json=json)
        with bound_socket(_HOST, 0) as bound:
            address = Address("http", _HOST, bound.getsockname()[1])
            # Programs that check the demo's certificates find the server where it listens.
            settings = Settings(data_folder=str(folder), port=address.port, pki_url=address.url)
            async with installation(settings) as certloom, running(certloom):
                people = await install_sample(certloom)
                async with listening(certloom, bound, None):
                    story.tell(
                        f"A server with embedded defaults listens on {address.url}; its data is in {folder}: a root "
                        "and an issuing authority, the template WebServer, and the people admin, alice, bob and carol."
                    )
                    try:
                        await story.play(address.url, {person.name: person.password for person in people})
                    except StoryFailed as failure:
                        story.tell(f"THE STORY BROKE: {failure}")
                        sys.exit(1)
    story.tell(f"All of it held, in {time.monotonic() - began:.1f} s. Next: make serve, then open /docs.")
