"""Wire shapes of metadata fields. Source: api-surface reference, 6.3."""

from typing import Annotated

from msgspec import Meta

from certloom.api.schemas.wire import Wire

__all__ = [
    "ForceQuery",
    "MetadataFieldCreateRequest",
    "MetadataFieldResponse",
    "MetadataFieldUpdateRequest",
]

DataType = Annotated[int, Meta(ge=1, le=7)]
EnrollmentUse = Annotated[int, Meta(ge=0, le=2)]
Order = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class MetadataFieldCreateRequest(Wire, kw_only=True):
    """A field as somebody wants it. ``Options`` are parted by commas."""

    name: str
    description: str | None = None
    data_type: DataType
    hint: str | None = None
    validation: str | None = None
    enrollment: EnrollmentUse = 0
    message: str | None = None
    options: str | list[str] | None = None
    default_value: str | None = None
    display_order: Order | None = None
    case_sensitive: bool = False


class MetadataFieldUpdateRequest(MetadataFieldCreateRequest, kw_only=True):
    """A field as it shall be: every member replaces what there was."""

    id: int


class MetadataFieldResponse(Wire, kw_only=True):
    """A field.

    ``DataType``: 1 string, 2 integer, 3 date, 4 boolean, 5 multiple choice, 6 big text, 7 mail addresses;
    ``Enrollment``: 0 optional, 1 required, 2 hidden.
    """

    id: int
    name: str
    description: str
    data_type: int
    hint: str
    validation: str
    enrollment: int
    message: str
    options: str
    default_value: str
    display_order: int
    case_sensitive: bool


class ForceQuery(Wire, kw_only=True):
    """Whether to delete what is in use."""

    force: bool = False
