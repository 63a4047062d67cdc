"""What an enrollment without a certificate is said to wait for."""

from certloom.operations.enrollment import Enrolled
from certloom.workflow.instance import Status

__all__ = ["why_pending"]


def why_pending(enrolled: Enrolled) -> str:
    """One or two sentences for the member ``DispositionMessage``."""
    instance = enrolled.instance
    where = f"GET /Workflow/Instances/{instance.id} tells where it stands."
    if instance.status is Status.SUSPENDED:
        return f"The request is suspended in workflow {instance.definition.display_name}: {instance.message} {where}"
    return f"The request is still running in workflow {instance.definition.display_name}. {where}"
