import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from certloom.logs import (
    REDACTED,
    bind_instance,
    bind_request,
    redact,
    set_up_logs,
    unbind_instance,
    unbind_request,
)

KEY = "-----BEGIN EC PRIVATE KEY-----\ncanary\ncanary\n-----END EC PRIVATE KEY-----"

HEADER_AND_KEY = f"header Authorization: Bearer canary.canary in {KEY}"


class Credentials(msgspec.Struct):
    user: str
    password: str


def fail(secret: str, shown: str | None = None) -> None:
    raise ValueError(secret if shown is None else shown)


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def written(form: Literal["console", "json"], *, level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    set_up_logs(form, level, stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def covered(**event: object) -> dict[str, Any]:
    return dict(redact(None, "info", event))


def test_a_json_line_has_time_level_logger_and_fields() -> None:
    stream = written("json")
    structlog.get_logger("certloom.test").info("instance started", instance=7, fine=True, empty=None)

    [line] = lines(stream)
    assert (line["event"], line["level"], line["logger"]) == ("instance started", "info", "certloom.test")
    assert line["timestamp"].endswith("Z")
    assert (line["instance"], line["fine"], line["empty"]) == (7, True, None)


def test_lines_of_other_libraries_look_the_same() -> None:
    stream = written("json")
    logging.getLogger("elsewhere").warning("disk %s is full", "sda")

    [line] = lines(stream)
    assert (line["event"], line["level"], line["logger"]) == ("disk sda is full", "warning", "elsewhere")


def test_lines_below_the_level_are_not_written() -> None:
    stream = written("json", level="warning")
    structlog.get_logger("certloom.test").info("small talk")
    logging.getLogger("elsewhere").info("small talk")

    assert stream.getvalue() == ""


def test_b09_libraries_that_log_addresses_are_quiet() -> None:
    stream = written("json", level="debug")
    logging.getLogger("httpx").info("GET https://ca.example/?key=canary")
    logging.getLogger("uvicorn.access").info("GET /?key=canary")

    assert stream.getvalue() == ""


def test_the_request_and_the_instance_are_in_every_line_until_they_end() -> None:
    stream = written("json")
    log = structlog.get_logger("certloom.test")
    bind_request("r-1")
    bind_instance("i-1")
    logging.getLogger("elsewhere").warning("both")
    unbind_instance()
    log.info("request only")
    unbind_request()
    log.info("neither")

    assert [(line.get("request_id"), line.get("instance_id")) for line in lines(stream)] == [
        ("r-1", "i-1"),
        ("r-1", None),
        (None, None),
    ]


async def test_requests_side_by_side_do_not_mix() -> None:
    stream = written("json")

    async def request(number: int) -> None:
        bind_request(str(number))
        await asyncio.sleep(0)
        structlog.get_logger("certloom.test").info("served", number=number)

    await asyncio.gather(*(request(number) for number in range(5)))

    assert all(line["request_id"] == str(line["number"]) for line in lines(stream))


@pytest.mark.parametrize("form", ["console", "json"])
def test_h05_no_planted_secret_reaches_the_log(form: Literal["console", "json"]) -> None:
    stream = written(form)
    log = structlog.get_logger("certloom.test")
    log.info(HEADER_AND_KEY)
    log.info("request", headers={"Authorization": "Basic canary", "Cookie": "s=canary"}, Password="canary")
    log.info("nested", body={"a": [{"ClientSecret": {"SecretValue": "canary"}}, ("x", {"CSR": "canary"})]})
    log.info("raw", body=b'{"Password": "canary"}', url="https://admin:canary@ca.example/", key=KEY)
    log.info("record", credentials=Credentials("alice", "canary"), link="/setup?t=clt_canary-canary_x")
    logging.getLogger("elsewhere").warning("token=%s", "canary")
    try:
        fail(f"cannot use password='canary' nor {KEY} nor Basic canary== nor clt_canary")
    except ValueError:
        log.exception("failed")
        logging.getLogger("elsewhere").exception("failed too")

    assert "canary" not in stream.getvalue()
    assert stream.getvalue().count(REDACTED) > 12
    assert stream.getvalue().count("ValueError") >= 2


def test_h05_local_variables_stay_out_of_tracebacks() -> None:
    stream = written("console")
    try:
        fail(KEY.splitlines()[1], shown="something")
    except ValueError:
        structlog.get_logger("certloom.test").exception("failed")

    assert "ValueError: something" in stream.getvalue()
    assert "canary" not in stream.getvalue()


@pytest.mark.parametrize(
    "name",
    ["password", "newPassword", "x-api-key", "PRIVATE_KEY", "privateKey", "set-cookie", "csr", "refresh_token", "pin"],
)
def test_values_under_secret_names_are_covered_whatever_they_are(name: str) -> None:
    assert covered(**{name.replace("-", "_"): ["canary", 1]}) == {name.replace("-", "_"): REDACTED}


def test_an_absent_secret_may_be_seen_to_be_absent() -> None:
    assert covered(password=None, secret=False) == {"password": None, "secret": False}


def test_ordinary_values_are_left_as_they_are() -> None:
    event = {"event": "spinning", "path": "/KeyfactorAPI/Workflow", "step": "Enroll1", "count": 2.5}

    assert covered(**event) == event


def test_a_value_cannot_forge_a_line_or_steer_a_terminal() -> None:
    stream = written("console")
    structlog.get_logger("certloom.test").info("real\nforged", path="/\x1b[2J\u009b\r\nforged")

    assert len(stream.getvalue().splitlines()) == 1
    assert not {"\x1b", "\x9b", "\r"} & set(stream.getvalue())


def test_endless_values_are_cut() -> None:
    endless: list[object] = []
    endless.append(endless)

    assert len(json.dumps(covered(nested=endless, long="x" * 1_000_000))) < 25_000


nested = st.recursive(
    st.none() | st.integers() | st.text(max_size=10) | st.binary(max_size=10) | st.just("Bearer canary"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(value=nested, name=st.sampled_from(["value", "event", "exception", "token"]))
def test_h05_a_secret_at_any_depth_is_covered_in_json_that_can_be_written(value: object, name: str) -> None:
    assert "canary" not in json.dumps(covered(**{name: value}))
