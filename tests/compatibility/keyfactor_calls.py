"""Calls through the generated client of Keyfactor Command 10.x, run by an interpreter that sees nothing but it.

Arguments: the base URL and the credentials in Base64. Input: a JSON array of {"call": module, "arguments": {...}}.
Output: for each call what came back, or which exception the client raised.
"""

import asyncio
import json
import sys
from importlib import import_module
from typing import Any

from keyfactor_v_1_client.client import AuthenticatedClient


def called(client: AuthenticatedClient, call: str, arguments: dict[str, Any], way: str) -> dict[str, Any]:
    module = import_module(f"keyfactor_v_1_client.api.workflow_instance.{call}")
    given = {name: _typed(module, name, value) for name, value in arguments.items()}
    try:
        if way == "asyncio":
            answer = asyncio.run(module.asyncio_detailed(client=client, **given))
        else:
            answer = module.sync_detailed(client=client, **given)
    except Exception as error:  # noqa: BLE001 - what the client cannot do is what is asked here
        return {"raised": type(error).__name__}
    parsed = answer.parsed
    return {
        "status": answer.status_code,
        "headers": dict(answer.headers),
        "parsed": [each.to_dict() for each in parsed] if isinstance(parsed, list) else None,
    }


def _typed(module: Any, name: str, value: Any) -> Any:
    if not name.endswith("sort_ascending"):
        return value
    (enumeration,) = (each for known, each in vars(module).items() if known.endswith("SortAscending"))
    return enumeration(value)


def main() -> None:
    base_url, token = sys.argv[1:]
    client = AuthenticatedClient(base_url=base_url, token=token, prefix="Basic", timeout=30)
    answers = [
        called(client, each["call"], each.get("arguments", {}), each.get("way", "sync"))
        for each in json.load(sys.stdin)
    ]
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
