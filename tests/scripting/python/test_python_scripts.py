import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certloom.errors import CertloomError
from certloom.scripting.powershell.faults import (
    ProtectedValue,
    ScriptFailed,
    ScriptLimitReached,
    ScriptUnreadable,
)
from certloom.scripting.python.interpreter import PythonMissing, is_installed
from certloom.scripting.python.limits import PythonLimits
from certloom.scripting.python.scripts import PythonScripts, PythonUnavailable

REACHES_OUT = [
    "open('/etc/passwd').read()",
    "open('/proc/self/environ').read()",
    "open('/tmp/x', 'w').write('y')",
    "from pathlib import Path\nPath('/etc/passwd').read_text()",
    "from pathlib import Path\nPath('/').iterdir()",
    "from pathlib import Path\nPath('/tmp/x').symlink_to('/etc/passwd')",
    "import os\nos.environ['PATH']",
    "import os\nos.getenv('PATH')",
    "import os\nos.listdir('/')",
    "import os\nos.system('id')",
    "import os\nos.fork()",
    "import os\nos.kill(os.getppid(), 9)",
    "import os\nos.execv('/bin/sh', ['sh'])",
    "import socket",
    "import subprocess",
    "import multiprocessing",
    "import threading",
    "import signal",
    "import ctypes",
    "import pickle",
    "import importlib",
    "import builtins",
    "import urllib.request",
    "import http.client",
    "import certloom",
    "__import__('os').system('id')",
    "__builtins__",
    "globals()",
    "().__class__.__bases__[0].__subclasses__()",
    "''.__class__.__mro__",
    "(lambda: 0).__globals__",
    "(lambda: 0).__code__",
    "'{0.__class__}'.format(())",
    "[].append.__self__.__class__",
    "getattr((), '__cl' + 'ass__')",
    "Exception().__traceback__.tb_frame",
    "type('X', (), {})().__class__.__mro__[1].__subclasses__()",
    "eval(\"open('/etc/passwd')\")",
    "exec('import socket')",
    "compile('1', 'x', 'eval')",
    "import sys\nsys.modules['os']",
    "import sys\nsys._getframe()",
    "import gc\ngc.get_objects()",
    "input()",
    "breakpoint()",
]

ENDLESS = [
    "while True: pass",
    "try:\n  while True: pass\nexcept BaseException:\n  pass",
    "def f():\n  try:\n    while True: pass\n  finally:\n    while True: pass\nf()",
    "sum(range(10**12))",
]

BOMBS = [
    ("x = 'x' * (1 << 30)", "held more than"),
    ("list(range(10 ** 9))", "held more than"),
    ("x = 10 ** 10 ** 9", "held more than"),
    ("x = f'{1:>1000000000}'", "held more than"),
    ("x = []\nwhile True: x.append('x' * 1_000_000)", "held more than"),
    ("def f(n): return f(n + 1)\nf(0)", "levels deep"),
    ("for i in range(300000): print('x' * 100)", "printed more than"),
    ("print('x\\n' * 2000)", "printed more than 1000 lines"),
    ("return {'a': 'x' * 2_000_000}", "more than 1048576 characters"),
    ("s = 'x' * 1000\nreturn {'a': [s] * 2000}", "more than 1048576 characters"),
    ("x = [1]\nfor i in range(60): x = [x, x]\nreturn {'a': x}", "levels deep"),
    ("x = [1]\nfor i in range(30): x = [x, x]\nreturn {'a': x}", "more than 1048576 characters"),
    ("x = {}\nfor i in range(5000): x = {'a': x}\nreturn x", "levels deep"),
    ("while True:\n  try:\n    open('/x')\n  except Exception: pass", "what scripts do not have"),
]


@pytest.fixture(scope="module")
def scripts() -> Iterator[PythonScripts]:
    made = PythonScripts(limits=PythonLimits(seconds=1.0))
    yield made
    made.close()


@pytest.fixture(scope="module")
def patient() -> Iterator[PythonScripts]:
    """Time stops nothing here, however busy the machine is."""
    made = PythonScripts(limits=PythonLimits(seconds=90.0))
    yield made
    made.close()


def run(scripts: PythonScripts, script: str, **parameters: Any) -> dict[str, Any]:
    return scripts.run(script, parameters).values


def interpreters() -> list[int]:
    """The processes of ours that run scripts."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            if folder.name.isdecimal() and int(parent) == os.getpid() and b"monty" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def computing(pid: int) -> bool:
    """Whether a process has computed for a while, as only one that runs a script does."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11]) >= 5


def test_parameters_are_variables_and_the_returned_dictionary_is_the_result(scripts: PythonScripts) -> None:
    script = "print('tagging', Name)\nprint('two')\nreturn {'Ticket': Name.upper(), 'Parts': (1, 2.5, None, True)}"
    result = scripts.run(script, {"Name": "web"})
    assert result.values == {"Ticket": "WEB", "Parts": [1, 2.5, None, True]}
    assert result.lines == ("print: tagging web", "print: two")


def test_a_script_without_a_result_changes_nothing(scripts: PythonScripts) -> None:
    assert run(scripts, "x = 5") == {}
    assert run(scripts, "") == {}


def test_what_is_useful_is_there(scripts: PythonScripts) -> None:
    script = """import json, re
from datetime import datetime
found = json.loads(Members)['value']
return {'Mails': [m for m in found if re.match('.*@corp', m)], 'At': datetime(2026, 1, 2)}"""
    given_members = '{"value": ["a@corp.example", "b@other.example"]}'
    assert run(scripts, script, Members=given_members) == {"Mails": ["a@corp.example"], "At": "2026-01-02T00:00:00"}


def test_one_script_leaves_nothing_to_the_next(scripts: PythonScripts) -> None:
    run(scripts, "kept = 1\nimport json\njson_kept = json")
    with pytest.raises(ScriptFailed, match="name 'kept' is not defined"):
        run(scripts, "return {'a': kept}")


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (
            "def check(team):\n    raise ValueError('no such team: ' + team)\ncheck('x')",
            "line 2: ValueError: no such team: x.",
        ),
        ("x = 1\nreturn {'a': x / 0}", "line 2: ZeroDivisionError: division by zero."),
        ("assert 1 == 2, 'because'", "line 1: AssertionError: because."),
        ("raise SystemExit('enough')", "line 1: SystemExit: enough."),
        ("return 5", "returned int, but a step takes a dictionary"),
        ("return {1: 2}", "names are text"),
        ("return {'a': {1, 2}}", "set, which JSON does not have"),
        ("return {'a': b'x'}", "bytes, which JSON does not have"),
        ("return {'a': print}", "which JSON does not have"),
        ("return {'a': float('nan')}", "nan, which JSON does not have"),
        ("class A: pass\nreturn {'a': A()}", "which JSON does not have"),
    ],
)
def test_an_exception_and_a_useless_result_fail_with_message_and_line(
    scripts: PythonScripts, script: str, told: str
) -> None:
    with pytest.raises(ScriptFailed) as failure:
        run(scripts, script)
    assert told in failure.value.message


@pytest.mark.parametrize(
    ("script", "line", "column"),
    [
        ("x = (1 +", 1, 9),
        ("x = 1\nif x:\n  y = = 2\n", 3, 7),
        ("def f(a):\n    yield a", 2, 5),
        ("x = 1\n  y = 2", 2, 1),
    ],
)
def test_a_script_that_cannot_be_read_is_told_with_its_place_and_not_run(
    scripts: PythonScripts, script: str, line: int, column: int
) -> None:
    for act in (scripts.check, lambda text: scripts.run(text, {})):
        with pytest.raises(ScriptUnreadable) as failure:
            act(script)
        assert (failure.value.line, failure.value.column) == (line, column)


def test_checking_runs_nothing(scripts: PythonScripts) -> None:
    scripts.check("raise ValueError('never')\nwhile True: pass")
    scripts.check("\ufeffreturn {'a': Unknown}")


@pytest.mark.parametrize("attack", REACHES_OUT)
def test_d05_nothing_outside_can_be_reached(scripts: PythonScripts, attack: str) -> None:
    *before, last = attack.split("\n")
    body = (
        attack
        if last.startswith("import ")
        else "\n".join([*before, f"reached = {last}", "return {'Got': str(reached)}"])
    )
    with pytest.raises((ScriptFailed, ScriptUnreadable)):
        run(scripts, body)


@pytest.mark.parametrize("bomb", ENDLESS)
def test_d05_what_never_ends_is_stopped(scripts: PythonScripts, bomb: str) -> None:
    with pytest.raises(ScriptLimitReached, match="ran for more than"):
        run(scripts, bomb)
    assert run(scripts, "return {'a': 1}") == {"a": 1}


@pytest.mark.parametrize(("bomb", "told"), BOMBS)
def test_d05_a_bomb_is_stopped_by_a_limit(patient: PythonScripts, bomb: str, told: str) -> None:
    with pytest.raises(ScriptLimitReached, match=told):
        run(patient, bomb)
    assert run(patient, "return {'a': 1}") == {"a": 1}


def test_d05_a_script_cannot_sleep_its_process_away(scripts: PythonScripts) -> None:
    assert run(scripts, "import time\ntime.sleep(3600)\nreturn {'a': 1}") == {"a": 1}


def test_d05_the_process_of_a_script_knows_neither_secrets_nor_files_of_the_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CERTLOOM_SECRET", "canary")
    seen: list[bytes] = []

    def look(pid: int) -> None:
        seen.append(Path(f"/proc/{pid}/environ").read_bytes())
        seen.extend(os.fsencode(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir())

    with (tmp_path / "canary").open("w"), pytest.raises(ScriptFailed):
        during_a_run(look)
    assert seen
    assert not any(b"canary" in one for one in seen)


def test_a_process_killed_from_outside_fails_its_script_and_the_next_one_runs() -> None:
    with pytest.raises(ScriptFailed, match="ended before the script"):
        during_a_run(os.getpgid)


def during_a_run(look: Any) -> None:
    """Start an endless script, look at its process, kill it, and run another script in the same pool."""
    scripts = PythonScripts(limits=PythonLimits(seconds=60.0))
    before = interpreters()
    raised: list[CertloomError] = []

    def endless() -> None:
        try:
            scripts.run("print('here')\nwhile True: pass", {})
        except CertloomError as error:
            raised.append(error)

    thread = threading.Thread(target=endless)
    thread.start()
    try:
        while not (found := [pid for pid in interpreters() if pid not in before and computing(pid)]):
            assert thread.is_alive()
        look(found[0])
        os.kill(found[0], signal.SIGKILL)
        thread.join()
        assert scripts.run("return {'a': 1}", {}).values == {"a": 1}
    finally:
        scripts.close()
    raise raised[0]


def test_no_more_scripts_run_at_once_than_there_may_be_processes() -> None:
    scripts = PythonScripts(processes=2, limits=PythonLimits(seconds=1.0))
    most: list[int] = []
    threads = [threading.Thread(target=lambda: _until_stopped(scripts)) for _ in range(6)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        most.append(len(interpreters()))
    scripts.close()
    assert 1 <= max(most) <= 2


def _until_stopped(scripts: PythonScripts) -> None:
    with pytest.raises(ScriptLimitReached):
        scripts.run("while True: pass", {})


def test_nothing_is_started_before_the_first_script_and_nothing_is_left_after_closing() -> None:
    scripts = PythonScripts()
    scripts.close()
    assert scripts.run("return {'a': 1}", {}).values == {"a": 1}
    scripts.close()
    scripts.close()
    assert interpreters() == []


@pytest.mark.parametrize("name", ["InitiatingUserName", "initiatingusername", "InitiatingU\u017ferName"])
def test_d06_a_script_cannot_set_what_is_not_its_own(scripts: PythonScripts, name: str) -> None:
    with pytest.raises(ProtectedValue):
        scripts.run("return {Name: 'CORP\\\\bob'}", {"Name": name}, {"InitiatingUserName"})


@given(st.text(max_size=40) | st.sampled_from(["return {'a': x}", "print(x)", "x[0]", "return x"]), st.data())
@settings(deadline=None, max_examples=60)
def test_whatever_is_run_fails_only_in_ways_that_have_a_name(
    scripts: PythonScripts, script: str, data: st.DataObject
) -> None:
    json = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    )
    for act in (lambda: scripts.check(script), lambda: scripts.run(script, {"x": data.draw(json)})):
        with suppress(CertloomError):
            act()


def test_without_the_extra_it_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_installed()
    monkeypatch.setitem(sys.modules, "pydantic_monty", None)
    assert not is_installed()
    for act in (PythonScripts().check, lambda script: PythonScripts().run(script, {})):
        with pytest.raises(PythonMissing, match=r"pip install 'certloom\[scripts\]'"):
            act("return {}")


@pytest.mark.parametrize("program", ["/nonexistent/monty", "/bin/false"])
def test_a_process_that_cannot_start_or_ends_at_once_is_told(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr("certloom.scripting.python.interpreter._program", lambda: program)
    broken = PythonScripts()
    for act in (broken.check, lambda script: broken.run(script, {})):
        with pytest.raises(PythonUnavailable, match="No process could be had"):
            act("return {}")
    broken.close()
