"""certloom authority: who signs certificates."""

from cyclopts import App

from certloom.cli.options import Options, opened, operator, print_rows
from certloom.operations.authorities import authorities as all_authorities
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
