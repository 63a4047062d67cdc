"""/Workflow/Instances. Source: workflow-instances reference."""

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.params import FromPath

from certloom.api.answers import JsonAnswer, answer, nothing
from certloom.api.call import Call, call_of
from certloom.api.guid import read_guid
from certloom.api.instance_body import status_of
from certloom.api.listing import TOTAL, ListRequest, page_of, query_of
from certloom.api.one_instance import one_instance
from certloom.api.openapi import documented
from certloom.api.schemas.instances import (
    DefinitionReference,
    InstanceListItem,
    InstanceResponse,
    RestartRequest,
    SignalRequest,
)
from certloom.operations.instances import assigned_instances, instances, my_instances
from certloom.operations.restarting import restart_instance
from certloom.operations.signals import signal_instance
from certloom.operations.steering import delete_instance, retry_instance, stop_instance
from certloom.store.listing import QUERY_FIELDS, InstancePage, ListedInstance

__all__ = ["InstancesController"]


class InstancesController(Controller):
    """What is running, what ran, and the signals that move it on."""

    path = "/KeyfactorAPI/Workflow/Instances"
    tags = ("Workflow Instance",)

    @get("/", operation_id="ListInstances", **documented(list[InstanceListItem], query=ListRequest, headers=TOTAL))
    async def list_all(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Every instance, running and finished."""
        call = call_of(request)
        return _page(call, await instances(call.services, call.actor, page_of(call), query_of(call, QUERY_FIELDS)))

    @get("/My", operation_id="ListMyInstances", **documented(list[InstanceListItem], query=ListRequest, headers=TOTAL))
    async def list_mine(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """The instances the caller started."""
        call = call_of(request)
        return _page(call, await my_instances(call.services, call.actor, page_of(call), query_of(call, QUERY_FIELDS)))

    @get(
        "/AssignedToMe",
        operation_id="ListAssignedInstances",
        **documented(list[InstanceListItem], query=ListRequest, headers=TOTAL),
    )
    async def list_assigned(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """The suspended instances that wait for a signal the caller may send."""
        call = call_of(request)
        return _page(
            call, await assigned_instances(call.services, call.actor, page_of(call), query_of(call, QUERY_FIELDS))
        )

    @get("/{instance_id:str}", operation_id="ReadInstance", **documented(InstanceResponse))
    async def read_one(self, request: Request[Any, Any, Any], instance_id: FromPath[str]) -> Response[bytes]:
        """One instance with its signals and data."""
        call = call_of(request)
        guid, held = read_guid(instance_id), call.header("if-none-match")
        status, body, headers = await one_instance(call.services, call.actor, call.form, guid, held)
        return JsonAnswer(body, headers, status)

    @post(
        "/{instance_id:str}/Signals",
        operation_id="SignalInstance",
        status_code=204,
        **documented(None, body=SignalRequest),
    )
    async def signal(self, request: Request[Any, Any, Any], instance_id: FromPath[str]) -> Response[None]:
        """Send a signal to the step the instance waits at, for example an approval or a denial."""
        call = call_of(request)
        guid = read_guid(instance_id)
        signal = await call.body(SignalRequest)
        await signal_instance(call.services, call.actor, guid, signal.signal_key, signal.data)
        return nothing()

    @post("/{instance_id:str}/Stop", operation_id="StopInstance", status_code=204, **documented(None))
    async def stop(self, request: Request[Any, Any, Any], instance_id: FromPath[str]) -> Response[None]:
        """Reject a suspended instance, so that it cannot go on."""
        call = call_of(request)
        await stop_instance(call.services, call.actor, read_guid(instance_id))
        return nothing()

    @post(
        "/{instance_id:str}/Restart",
        operation_id="RestartInstance",
        status_code=204,
        **documented(
            None,
            body=RestartRequest | None,
            query=RestartRequest,
            headers={"x-certloom-instance-id": "The id of the new instance"},
        ),
    )
    async def restart(self, request: Request[Any, Any, Any], instance_id: FromPath[str]) -> Response[None]:
        """Begin again from the first step. The header x-certloom-instance-id names the new instance."""
        call = call_of(request)
        guid, asked = read_guid(instance_id), call.query(RestartRequest)
        body = await call.body(RestartRequest | None) or RestartRequest()
        version = body.version if asked.version is None else asked.version
        reissue = asked.reissue or body.reissue
        new_id = await restart_instance(call.services, call.actor, guid, version, reissue=reissue)
        return nothing({"x-certloom-instance-id": new_id})

    @post("/{instance_id:str}/Retry", operation_id="RetryInstance", status_code=204, **documented(None))
    async def retry(self, request: Request[Any, Any, Any], instance_id: FromPath[str]) -> Response[None]:
        """Try the failed step again, or make its next attempt now, in the same instance. Ours."""
        call = call_of(request)
        await retry_instance(call.services, call.actor, read_guid(instance_id))
        return nothing()

    @delete("/{instance_id:str}", operation_id="DeleteInstance", status_code=204, **documented(None))
    async def remove(self, request: Request[Any, Any, Any], instance_id: FromPath[str]) -> Response[None]:
        """Remove the record of an instance that has ended."""
        call = call_of(request)
        await delete_instance(call.services, call.actor, read_guid(instance_id))
        return nothing()


def _page(call: Call, page: InstancePage) -> Response[bytes]:
    items = [_item(row, call) for row in page.rows]
    return answer(items, {"x-total-count": str(page.total)})


def _item(row: ListedInstance, call: Call) -> InstanceListItem:
    return InstanceListItem(
        id=row.id,
        status=status_of(row.status, call.form),
        current_step_id=row.step_id,
        status_message=row.message,
        definition=DefinitionReference(
            id=row.definition_id,
            display_name=row.definition_name,
            version=row.definition_version,
            workflow_type=row.workflow_type,
        ),
        current_step_display_name=row.step_display_name,
        current_step_unique_name=row.step_name,
        title=row.title,
        last_modified=row.modified_at,
        start_date=row.started_at,
        reference_id=row.reference_id,
    )
