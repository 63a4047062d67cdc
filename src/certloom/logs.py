"""Logs: structured lines, each with the request and the instance it belongs to, and without any secret.

Everything passes the same last steps, lines of other libraries included: exceptions become text, secrets are covered,
control characters are written out so that no value can forge a line or steer a terminal.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from functools import lru_cache, partial
from typing import Any, Final, Literal, TextIO

import msgspec
import structlog
from structlog.contextvars import bind_contextvars, unbind_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

__all__ = ["REDACTED", "bind_instance", "bind_request", "redact", "set_up_logs", "unbind_instance", "unbind_request"]

REDACTED: Final = "(redacted)"
SECRET_NAME: Final = re.compile(
    r"passw(or)?d|passphrase|pwd|secret|token|authorization|cookie|credential|private_?key|api_?key|app_?key"
    r"|pkcs12|pfx|^csr$|^pin$",
    re.IGNORECASE,
)
"""What a name holds whose value is never written."""

SECRET_TEXTS: Final = (
    (re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL), ""),
    (re.compile(r"\b(basic|bearer|negotiate)\s+[^\s\"',;]+", re.IGNORECASE), r"\1 "),
    (re.compile(r"\bclt_[A-Za-z0-9_-]+"), "clt_"),
    (re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"), ""),
    (
        re.compile(
            r"((?:passw(?:or)?d|passphrase|pwd|secret|token|cookie|private_?key|api_?key)[\"']?\s*[=:]\s*)"
            r"(?:b?\"(?:[^\"\\]|\\.)*\"|b?'(?:[^'\\]|\\.)*'|[^\s,;&)}\]]+)",
            re.IGNORECASE,
        ),
        r"\1",
    ),
)
"""What a secret looks like inside a text, and how much of it may stay in front of the cover."""

SECRET_MARK: Final = re.compile(
    "-----begin|basic|bearer|negotiate|clt_|://|passw|passphrase|pwd|secret|token|cookie|private_?key|api_?key"
)
"""One of these is in every text that one of the patterns above matches; looking for them is far cheaper."""

MAX_DEPTH: Final = 8
MAX_CHARACTERS: Final = 20_000
MULTILINE: Final = frozenset({"exception", "stack"})
QUIET: Final = ("httpx", "httpx2", "httpcore", "uvicorn.access", "alembic")
"""Libraries that would log whole addresses, query strings included."""

CONTROLS: Final = {code: f"\\x{code:02x}" for code in [*range(0x20), *range(0x7F, 0xA0)]}
CONTROLS_IN_LINES: Final = {code: text for code, text in CONTROLS.items() if chr(code) not in "\n\t"}


def set_up_logs(form: Literal["console", "json"], level: str, stream: TextIO | None = None) -> None:
    """Send all logs of the process to one stream (standard error), from this level (``info``) upwards."""
    number = logging.getLevelNamesMapping()[level.upper()]
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = [
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact,
        _renderer(form),
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last], foreign_pre_chain=before
        )
    )
    logging.basicConfig(handlers=[handler], level=number, force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    structlog.configure(
        processors=[*before, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        # Our own lines go straight to the stream: a detour through the standard library's records doubles their cost.
        logger_factory=partial(_Lines, stream or sys.stderr),
    )


class _Lines:
    """Writes finished lines of one named logger to a stream."""

    def __init__(self, stream: TextIO, name: str = "certloom") -> None:
        self.name = name
        self._stream = stream

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()

    debug = info = warning = error = critical = exception = _write


def bind_request(request_id: str) -> None:
    """Write this request id into every line from here on, in this task and those it starts."""
    bind_contextvars(request_id=request_id)


def unbind_request() -> None:
    """The request is over."""
    unbind_contextvars("request_id")


def bind_instance(instance_id: str) -> None:
    """Write this workflow instance's id into every line from here on, in this task and those it starts."""
    bind_contextvars(instance_id=instance_id)


def unbind_instance() -> None:
    """The work on the instance is over."""
    unbind_contextvars("instance_id")


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> MutableMapping[str, Any]:
    """Cover every secret in an event: values under secret names, and secrets inside any text, at any depth."""
    return {name: _covered(name, value, MAX_DEPTH) for name, value in event.items()}


def _covered(name: str, value: object, depth: int) -> object:
    if _is_secret(name) and value is not None and not isinstance(value, bool):
        return REDACTED
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping) and depth:
        return {_text("", str(key)): _covered(str(key), item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth:
        return [_covered("", item, depth - 1) for item in value]
    if isinstance(value, bytes | bytearray):
        return _text(name, bytes(value).decode("utf-8", "backslashreplace"))
    return _text(name, value if isinstance(value, str) else repr(value))


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return SECRET_NAME.search(name) is not None


def _text(name: str, text: str) -> str:
    if SECRET_MARK.search(text.lower()):
        for pattern, kept in SECRET_TEXTS:
            text = pattern.sub(kept + REDACTED, text)
    if text.isprintable() and len(text) <= MAX_CHARACTERS:
        return text
    return text[:MAX_CHARACTERS].translate(CONTROLS_IN_LINES if name in MULTILINE else CONTROLS)


def _json(event: object, **_options: object) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()


def _renderer(form: Literal["console", "json"]) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(serializer=_json)
    # Pretty tracebacks would show local variables, which hold what the rest of this module covers.
    return structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
