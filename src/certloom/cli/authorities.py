"""certloom authority: who signs certificates."""

import sys
from typing import Annotated

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cyclopts import App, Parameter

from certloom.cli.options import Options, opened, operator, print_json, print_rows
from certloom.operations.authorities import authorities as all_authorities
from certloom.operations.revocation_lists import newest_crl, publish_crl
from certloom.pki.certificate import describe
from certloom.store.moments import text_of

__all__ = ["authorities"]

authorities = App(
    name="authority",
    help="""Certificate authorities.

    Example: certloom authority list
    """,
)


@authorities.command(name="list")
async def list_authorities(*, options: Options = Options()) -> None:  # noqa: B008 - immutable
    """Show every authority, parents first.

    Example: certloom authority list
    """
    async with opened(options) as certloom:
        found = await all_authorities(certloom.services, operator())
    rows = []
    for row in found:
        facts = describe(row.certificate)
        key = facts.curve or f"{facts.key_type_name} {facts.key_size_bits}"
        rows.append((row.name, row.kind, row.parent, key, text_of(facts.not_after), facts.thumbprint))
    print_rows(options, ("name", "kind", "parent", "key", "valid until", "thumbprint"), rows)


@authorities.command
async def crl(
    name: Annotated[str, Parameter(help="The authority's name, as certloom authority list shows it.")],
    *,
    publish: Annotated[
        bool, Parameter(negative="", show_default=False, help="Publish a new CRL first, although none may be due.")
    ] = False,
    options: Options = Options(),  # noqa: B008 - immutable
) -> None:
    """Print the newest CRL of an authority in PEM.

    Example: certloom authority crl "certloom Issuing CA" --publish > issuing.crl
    """
    async with opened(options) as certloom:
        if publish:
            await certloom.linter.start()
            try:
                await publish_crl(certloom.services, operator(), name)
            finally:
                await certloom.linter.close()
        row = await newest_crl(certloom.services, operator(), name)
    text = x509.load_der_x509_crl(row.der).public_bytes(Encoding.PEM).decode()
    if not options.json:
        sys.stdout.write(text)
        return
    told = {"number": row.number, "this_update": row.this_update, "next_update": row.next_update}
    print_json(told | {"entries": row.entries, "pem": text})
