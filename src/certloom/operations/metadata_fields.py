"""Metadata fields: read, create, change, delete; and the check that metadata fits them, the same on every path."""

from collections.abc import Mapping, Sequence

import msgspec

from certloom.errors import Conflict, Invalid, NotFound
from certloom.identity.actor import Actor
from certloom.operations.access import Operation, require
from certloom.operations.audit import entry
from certloom.operations.services import Services
from certloom.pki.metadata import (
    MetadataField,
    MetadataInvalid,
    canonical_metadata,
    canonical_value,
    field_faults,
    with_defaults,
)
from certloom.store.change import Change, RowCollides
from certloom.store.metadata import MetadataFieldRow, MetadataValueRow, is_metadata_used, list_metadata_fields
from certloom.store.rows import Delete, Insert, Put, Write

__all__ = [
    "MetadataFieldExists",
    "MetadataFieldInUse",
    "MetadataFieldInvalid",
    "MetadataFieldNotFound",
    "change_metadata_field",
    "checked_metadata",
    "checked_value",
    "create_metadata_field",
    "delete_metadata_fields",
    "is_in_use",
    "metadata_field",
    "metadata_fields",
    "requested_metadata",
]


class MetadataFieldNotFound(NotFound):
    """No metadata field of that id or name."""


class MetadataFieldExists(Conflict):
    """Another field has this name, whatever its case."""

    code = "0xA011000A"


class MetadataFieldInvalid(Invalid):
    """A metadata field cannot be used as written; the message locates every fault."""


class MetadataFieldInUse(Conflict):
    """Certificates have values of the field."""


async def metadata_fields(services: Services, actor: Actor) -> list[MetadataField]:
    """Every field, by display order and name."""
    require(actor, Operation.LIST_METADATA_FIELDS)
    return sorted(await _fields(services), key=lambda field: (field.display_order, field.name.casefold()))


async def metadata_field(services: Services, actor: Actor, wanted: int | str) -> MetadataField:
    """The field of that id, or of that name, case ignored. Raises MetadataFieldNotFound."""
    require(actor, Operation.READ_METADATA_FIELD)
    return await _existing(services, wanted)


async def is_in_use(services: Services, actor: Actor, field_id: int) -> bool:
    """Whether any certificate has a value of the field. Raises MetadataFieldNotFound."""
    require(actor, Operation.READ_METADATA_FIELD)
    field = await _existing(services, field_id)
    return await is_metadata_used(services.database, field.name.casefold())


async def create_metadata_field(services: Services, actor: Actor, field: MetadataField) -> MetadataField:
    """A new field; its id is ours. Raises MetadataFieldInvalid or MetadataFieldExists."""
    require(actor, Operation.CREATE_METADATA_FIELD)
    named = _checked(msgspec.structs.replace(field, id=0, name=field.name.strip()))
    await _commit(services, actor, Operation.CREATE_METADATA_FIELD, named, "Created.", Insert(_row(named)))
    return await _existing(services, named.name)


async def change_metadata_field(services: Services, actor: Actor, field: MetadataField) -> MetadataField:
    """Replace the field of that id. What certificates hold already stays as it is.

    Raises MetadataFieldNotFound, MetadataFieldInvalid, MetadataFieldExists, and MetadataFieldInUse for another name or
    type of a field that certificates have values of.
    """
    require(actor, Operation.CHANGE_METADATA_FIELD)
    before = await _existing(services, field.id)
    after = _checked(msgspec.structs.replace(field, name=field.name.strip()))
    renamed = after.name.casefold() != before.name.casefold()
    if (renamed or after.type is not before.type) and await is_metadata_used(services.database, before.name.casefold()):
        raise MetadataFieldInUse(
            f"Certificates have values of {before.name}, so its name and type stay. Create another field instead."
        )
    await _commit(services, actor, Operation.CHANGE_METADATA_FIELD, after, "Changed.", Put(_row(after)))
    return after


async def delete_metadata_fields(
    services: Services, actor: Actor, field_ids: Sequence[int], *, force: bool = False
) -> None:
    """Delete fields, all or none; with ``force`` also what certificates hold of them.

    Raises MetadataFieldNotFound, and MetadataFieldInUse without ``force``.
    """
    require(actor, Operation.DELETE_METADATA_FIELD)
    fields = [await _existing(services, field_id) for field_id in dict.fromkeys(field_ids)]
    used = [field.name for field in fields if await is_metadata_used(services.database, field.name.casefold())]
    if used and not force:
        raise MetadataFieldInUse(
            f"Certificates have values of {', '.join(used)}. Nothing was deleted. With force=true they are lost."
        )
    writes: list[Write] = []
    for field in fields:
        writes += [Delete(MetadataValueRow, (field.name.casefold(),)), Delete(MetadataFieldRow, (field.id,))]
    audit = tuple(
        entry(services, actor.display, Operation.DELETE_METADATA_FIELD, ("MetadataField", field.name), "Deleted.")
        for field in fields
    )
    await services.database.commit(Change(writes=tuple(writes), audit=audit))


async def requested_metadata(services: Services, given: Mapping[str, object]) -> dict[str, str]:
    """The metadata of a new request: defaults filled in, then checked. Raises MetadataInvalid."""
    fields = await _fields(services)
    return canonical_metadata(fields, with_defaults(fields, given))


async def checked_metadata(services: Services, given: Mapping[str, object]) -> dict[str, str]:
    """Metadata in canonical form, as the fields are now. Raises MetadataInvalid."""
    return canonical_metadata(await _fields(services), given)


async def checked_value(services: Services, name: str, value: object) -> tuple[str, str]:
    """A field's name and one value in canonical form; empty for none. Raises MetadataInvalid."""
    fields = await _fields(services)
    field = next((one for one in fields if one.name.casefold() == name.strip().casefold()), None)
    if field is None:
        known = ", ".join(one.name for one in fields) or "none yet"
        raise MetadataInvalid(f"There is no metadata field {name[:100]!r}. Known: {known}.")
    return field.name, canonical_value(field, value)


async def _fields(services: Services) -> list[MetadataField]:
    return [_field(row) for row in await list_metadata_fields(services.database)]


async def _existing(services: Services, wanted: int | str) -> MetadataField:
    name = wanted.strip().casefold() if isinstance(wanted, str) else None
    for field in await _fields(services):
        if field.id == wanted or field.name.casefold() == name:
            return field
    raise MetadataFieldNotFound(f"There is no metadata field {str(wanted)[:100]!r}. GET /MetadataFields lists them.")


def _checked(field: MetadataField) -> MetadataField:
    faults = field_faults(field)
    if faults:
        raise MetadataFieldInvalid(f"The metadata field {field.name[:100]!r} cannot be used. {' '.join(faults)}")
    return field


def _field(row: MetadataFieldRow) -> MetadataField:
    return msgspec.structs.replace(msgspec.json.decode(row.document, type=MetadataField), id=row.id)


def _row(field: MetadataField) -> MetadataFieldRow:
    return MetadataFieldRow(id=field.id, name_key=field.name.casefold(), document=msgspec.json.encode(field).decode())


async def _commit(
    services: Services, actor: Actor, operation: Operation, field: MetadataField, message: str, write: Write
) -> None:
    audit = entry(services, actor.display, operation, ("MetadataField", field.name), message)
    try:
        await services.database.commit(Change(writes=(write,), audit=(audit,)))
    except RowCollides as error:
        raise MetadataFieldExists(f"There is a metadata field {field.name} already. Nothing was changed.") from error
