"""A person of the story: somebody with a name and a password who uses the public API."""

from typing import Any

import msgspec

from certloom.outbound.http import Answer, ConfiguredHttp

__all__ = ["Person", "StoryFailed"]


class StoryFailed(Exception):
    """Something in the story was not as it must be."""


class Person:
    """Speaks to the API in one name."""

    def __init__(self, name: str, http: ConfiguredHttp) -> None:
        self.name = name
        self._http = http

    async def ask(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        """Send a request and return the decoded answer, which must have status ``expect``. Raises StoryFailed."""
        answer = await self.answer(method, path, body)
        if answer.status != expect:
            raise StoryFailed(
                f"{self.name}: {method} {path} answered {answer.status} instead of {expect}: {answer.body[:500]!r}"
            )
        return msgspec.json.decode(answer.body) if answer.body else None

    async def refused(self, method: str, path: str, body: Any, *, expect: int, saying: str) -> str:
        """Send a request that must be refused with ``expect`` and a message that holds ``saying``."""
        message = str((await self.ask(method, path, body, expect=expect))["Message"])
        if saying.casefold() not in message.casefold():
            raise StoryFailed(f"{self.name}: the refusal does not speak of {saying!r}: {message}")
        return message

    async def answer(self, method: str, path: str, body: Any = None) -> Answer:
        """Send a request and return the answer as it is."""
        headers = {"x-keyfactor-requested-with": "APIClient", "x-keyfactor-api-version": "1"}
        return await self._http.ask(method, path, body, headers)
