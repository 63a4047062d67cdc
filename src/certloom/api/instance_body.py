"""The body of one instance: stored JSON joined as bytes around the status, without decoding it."""

import msgspec

from certloom.api.enumerations import INSTANCE_STATUS
from certloom.api.schemas.instances import InstanceSignal
from certloom.operations.instances import InstanceView, SignalState
from certloom.settings import EnumerationForm

__all__ = ["etag_of", "instance_body", "status_of"]

_encode = msgspec.json.Encoder().encode


def status_of(status: str, form: EnumerationForm) -> str | int:
    """A status in the form the caller decodes."""
    return status if form == "names" else INSTANCE_STATUS.number_of(status)


def etag_of(view: InstanceView, form: EnumerationForm) -> str:
    """Changes with every event of the instance, and differs by form."""
    return f'"{view.row.rev}.{form}"'


def instance_body(view: InstanceView, form: EnumerationForm) -> bytes:
    """The members of an instance in the order of the reference (workflow-instances, 2.2)."""
    row = view.row
    return b"".join(
        (
            b'{"Id":"',
            row.id.encode(),
            b'","Status":',
            _encode(status_of(row.status, form)),
            b',"CurrentStepId":"',
            row.step_id.encode(),
            b'","StatusMessage":',
            _encode(row.message),
            b',"Signals":',
            _encode([_signal(signal) for signal in view.signals]),
            b',"Definition":{"Id":"',
            row.definition_id.encode(),
            b'","DisplayName":',
            _encode(row.definition_name),
            b',"Version":',
            str(row.definition_version).encode(),
            b',"WorkflowType":',
            _encode(row.workflow_type),
            b'},"CurrentStepDisplayName":',
            _encode(row.step_display_name),
            b',"CurrentStepUniqueName":',
            _encode(row.step_name),
            b',"Title":',
            _encode(row.title),
            b',"LastModified":"',
            row.modified_at.encode(),
            b'","StartDate":"',
            row.started_at.encode(),
            b'","InitialData":',
            row.initial_data.encode(),
            b',"CurrentStateData":',
            row.data.encode(),
            b',"ReferenceId":',
            str(view.reference_id).encode(),
            b"}",
        )
    )


def _signal(signal: SignalState) -> InstanceSignal:
    return InstanceSignal(signal_name=signal.name, step_signal_id=signal.id, signal_received=signal.received)
