import json
from typing import Any

from tests.operations.conftest import World, step
from typing_extensions import override

from certloom.workflow.outcome import Continue, Outcome
from certloom.workflow.parameters import DataType, Parameter
from certloom.workflow.step import PureStep, StepView
from certloom.workflow.token_modes import TextKind

CONTENT_TYPE = Parameter(name="ContentType", display_name="Content type", default="application/json")
WRITTEN = (
    Parameter(name="URL", display_name="URL", tokens=True, text=TextKind.URL),
    Parameter(name="Message", display_name="Message", tokens=True, text=TextKind.HTML),
    Parameter(name="Body", display_name="Body", tokens=True, media_type="ContentType"),
    Parameter(name="Headers", display_name="H", data_type=DataType.OBJECT, tokens=True, text=TextKind.HEADER),
)


class Shown(PureStep):
    """Puts its parameters into the data."""

    extension_name = "Shown"
    display_name = "Shown"
    parameters = (CONTENT_TYPE, *WRITTEN)

    @override
    def run(self, view: StepView) -> Outcome:
        return Continue({"Shown": dict(view.parameters)})


GIVEN = {
    "URL": "https://api.example/$(Template)?s=$(AdditionalAttributes.Comment)",
    "Message": "<b>$(AdditionalAttributes.Comment)</b>",
    "Body": '{"comment": "$(AdditionalAttributes.Comment)"}',
    "Headers": {"X-Comment": ["$(AdditionalAttributes.Comment)", "b"]},
}
HOSTILE = 'a"&<i>\r\nBcc: $(Template)'


async def shown(world: World, **given: object) -> dict[str, Any]:
    world.register(Shown())
    await world.publish(step("Shown", parameters={**GIVEN, **given}), step("EnrollStep"))
    enrolled = await world.enroll(additional_fields={"Comment": HOSTILE})
    found: dict[str, Any] = enrolled.instance.data["Shown"]
    return found


async def test_d01_d02_what_a_requester_writes_stays_data_in_every_parameter(world: World) -> None:
    found = await shown(world)
    assert found["URL"] == "https://api.example/WebServer?s=a%22%26%3Ci%3E%0D%0ABcc%3A%20%24%28Template%29"
    assert found["Message"] == "<b>a&quot;&amp;&lt;i&gt;\r\nBcc: $(Template)</b>"
    assert json.loads(found["Body"]) == {"comment": HOSTILE}
    assert found["Headers"] == {"X-Comment": ['a"&<i> Bcc: $(Template)', "b"]}


async def test_the_media_type_an_author_gives_decides_how_a_body_is_written(world: World) -> None:
    found = await shown(
        world, ContentType="application/x-www-form-urlencoded", Body="c=$(AdditionalAttributes.Comment)&d=1"
    )
    assert found["Body"] == "c=a%22%26%3Ci%3E%0D%0ABcc%3A%20%24%28Template%29&d=1"


async def test_the_token_mode_text_gives_the_plain_replacement_once(world: World) -> None:
    found = await shown(world, TokenMode="text")
    assert found["Body"] == f'{{"comment": "{HOSTILE}"}}'
    assert found["Message"] == f"<b>{HOSTILE}</b>"


async def test_a_parameter_that_is_null_is_as_if_it_were_not_given(world: World) -> None:
    found = await shown(world, ContentType=None, Message=None)
    assert json.loads(found["Body"]) == {"comment": HOSTILE}
    assert "Message" not in found
