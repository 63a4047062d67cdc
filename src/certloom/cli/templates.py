"""certloom template: what kinds of certificates may be asked for."""

import tomllib
from pathlib import Path

import msgspec
from cyclopts import App

from certloom.cli.options import Options, opened, operator, print_json, print_rows
from certloom.errors import Invalid
from certloom.operations.templates import apply_template, template_named
from certloom.operations.templates import templates as all_templates
from certloom.pki.template import Template, read_template

__all__ = ["templates"]

templates = App(
    name="template",
    help="""Certificate templates.

    Example: certloom template apply webserver.toml
    """,
)


class TemplateFileUnreadable(Invalid):
    """The file is missing or not TOML."""


@templates.command(name="list")
async def list_templates(*, options: Options = Options()) -> None:  # noqa: B008 - immutable
    """Show every template.

    Example: certloom template list --json
    """
    async with opened(options) as certloom:
        found = await all_templates(certloom.services, operator())
    rows = [(one.id, one.name, one.display_name, one.key_types, one.validity_days) for one in found]
    print_rows(options, ("id", "name", "display name", "key types", "days"), rows)


@templates.command
async def show(name: str, *, options: Options = Options()) -> None:  # noqa: B008 - immutable
    """Show one template with every rule.

    Example: certloom template show WebServer
    """
    async with opened(options) as certloom:
        template = await template_named(certloom.services, name)
    if options.json:
        print_json(template)
        return
    for field, value in msgspec.to_builtins(template).items():
        print(f"{field:22} {value}")


@templates.command
async def apply(file: Path, *, options: Options = Options()) -> None:  # noqa: B008 - immutable
    """Create or replace a template from a TOML file. A change voids approvals given under the old one.

    Example: certloom template apply webserver.toml
    """
    template = _read(file)
    async with opened(options) as certloom:
        applied = await apply_template(certloom.services, operator(), template)
    if options.json:
        print_json(applied)
    else:
        print(f"Applied template {applied.name} (id {applied.id}).")


def _read(file: Path) -> Template:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TemplateFileUnreadable(
            f"{file} cannot be read as TOML: {error}. Correct the file or its name."
        ) from error
    return read_template({"id": 0, **table})
