import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest
from tests.scripting.pwsh.conftest import Runner, is_there

from certloom.scripting.powershell.faults import ScriptFailed, ScriptLimitReached
from certloom.scripting.pwsh.fence import fence_fault
from certloom.scripting.pwsh.process import Limits

pytestmark = pytest.mark.needs("bubblewrap")

PATIENCE = 30.0


def running(mark: str) -> list[str]:
    """The processes of this machine with a mark among their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            line = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if mark in line.split("\0"):
            found.append(entry.name)
    return found


def ends(mark: str) -> bool:
    """Whether the marked processes are gone before patience is."""
    until = time.monotonic() + PATIENCE
    while running(mark) and time.monotonic() < until:
        time.sleep(0.05)
    return not running(mark)


async def test_d05_no_environment_inside_holds_anything_of_the_server(
    fence: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERTLOOM_BOOTSTRAP_ADMIN_PASSWORD", "hunter2")
    told = await fence.told("cat /proc/*/environ | tr '\\000' '\\n'; env")
    assert "HOME=/tmp" in told
    assert "hunter2" not in told
    assert "CERTLOOM" not in told


async def test_d05_the_first_process_inside_has_no_environment_at_all(fence: Runner) -> None:
    assert await fence.told("wc -c < /proc/1/environ") == "0"


@pytest.mark.parametrize("place", ["/made", "/usr/made", "/dev/made", "/proc/made", "/etc/made"])
async def test_d05_nothing_can_be_written_outside_the_writable_folders(fence: Runner, place: str) -> None:
    told = await fence.told(f"echo x > {place} && echo written")
    assert "written" not in told
    assert not is_there(place)


async def test_d05_what_is_written_inside_is_gone_afterwards(fence: Runner) -> None:
    name = f"kept-{uuid4()}"
    assert await fence.told(f"echo x > /tmp/{name} && cat /tmp/{name}") == "x"
    assert await fence.told(f"cat /tmp/{name} || echo gone") != "x"
    assert not is_there(f"/tmp/{name}")  # noqa: S108 - the fence's folder of that name is another one


async def test_d05_files_of_the_server_and_of_people_are_not_there(fence: Runner) -> None:
    secret = fence.data_folder / "certloom.key"
    secret.write_text("the data key")
    (fence.program.parent / "link").symlink_to(secret)
    script = f"cat {secret} {fence.program.parent}/link /proc/1/root{secret} /etc/passwd /etc/shadow; ls -d /home /root"
    told = await fence.told(script)
    assert "the data key" not in told
    assert "root:" not in told
    assert told.count("No such file") + told.count("Permission denied") == 7


async def test_d05_there_is_no_network_but_the_fences_own_loopback(fence: Runner) -> None:
    told = await fence.told("tail --lines=+3 /proc/net/dev; wc --lines < /proc/net/tcp")
    assert told.split(":")[0].strip() == "lo"
    assert told.rpartition("|")[2] == "1"


async def test_d05_no_namespace_can_be_made_inside(fence: Runner) -> None:
    assert "failed" in await fence.told("unshare --user --map-root-user echo made")


async def test_d05_no_right_is_left_and_none_can_be_gained(fence: Runner) -> None:
    told = await fence.told("grep -E 'Cap|NoNewPrivs|^Uid' /proc/self/status")
    fields = dict(line.split(":", 1) for line in told.split("|"))
    assert {name: int(value, 16) for name, value in fields.items() if name.startswith("Cap")} == dict.fromkeys(
        ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), 0
    )
    assert fields["NoNewPrivs"].strip() == "1"
    assert fields["Uid"].split() == ["65534"] * 4


async def test_d05_other_processes_are_neither_seen_nor_signalled(fence: Runner) -> None:
    told = await fence.told(f"kill -9 {os.getpid()}; kill -9 1; ls -d /proc/[0-9]* | wc --lines")
    assert int(told.rpartition("|")[2]) < 20


async def test_d05_no_descriptor_is_passed_on(fence: Runner, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    with secret.open() as file:
        os.set_inheritable(file.fileno(), True)
        told = await fence.told("for one in /proc/1/fd/* /proc/self/fd/*; do readlink $one; done")
    assert "pipe:" in told
    assert "/secret" not in told


async def test_d05_a_writable_folder_has_its_size(fence: Runner) -> None:
    limits = Limits(folder_bytes=1024 * 1024)
    for folder in ("/tmp", "/dev/shm"):  # noqa: S108 - inside the fence
        told = await fence.told(f"head --bytes=2M /dev/zero > {folder}/x; stat --format=%s {folder}/x", limits=limits)
        assert "No space left" in told
        assert int(told.rpartition("|")[2]) <= limits.folder_bytes


async def test_d05_a_file_has_its_longest_length(fence: Runner) -> None:
    limits = Limits(file_bytes=64 * 1024)
    told = await fence.told("(head --bytes=1M /dev/zero > /tmp/x); stat --format=%s /tmp/x", limits=limits)
    assert int(told.rpartition("|")[2]) == limits.file_bytes


async def test_d05_the_number_of_processes_is_limited_for_every_account_but_root(fence: Runner) -> None:
    told = await fence.told("grep processes /proc/self/limits", limits=Limits(processes=99))
    assert told.split()[2:4] == ["99", "99"]


async def test_d05_a_script_that_computes_for_ever_is_ended_by_its_processor_time(fence: Runner) -> None:
    with pytest.raises(ScriptLimitReached, match="processor"):
        await fence.pwsh("fenced", Limits(seconds=PATIENCE, cpu_seconds=1)).run("while :; do :; done", {})


async def test_d05_a_script_that_waits_for_ever_is_killed_with_all_it_started(fence: Runner) -> None:
    mark = f"86400.{uuid4().int % 10**9}"
    script = f"setsid sleep {mark} & sleep {mark}"
    with pytest.raises(ScriptLimitReached, match=r"more than 0\.5 seconds"):
        await fence.pwsh("fenced", Limits(seconds=0.5)).run(script, {})
    assert ends(mark)


async def test_d05_a_script_that_nobody_waits_for_any_more_is_killed(fence: Runner) -> None:
    mark = f"86400.{uuid4().int % 10**9}"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2.0):
            await fence.pwsh("fenced").run(f"sleep {mark}", {})
    assert ends(mark)


async def test_d05_what_a_script_left_running_ends_with_it(fence: Runner) -> None:
    mark = f"86400.{uuid4().int % 10**9}"
    assert await fence.told(f"setsid sleep {mark} > /dev/null 2>&1 & echo started") == "started"
    assert ends(mark)


async def test_d05_a_script_that_writes_for_ever_is_ended(fence: Runner) -> None:
    with pytest.raises(ScriptLimitReached, match="put out more than 1000 bytes"):
        await fence.pwsh("fenced", Limits(output_bytes=1000)).run("yes", {})
    with pytest.raises(ScriptLimitReached, match="put out more than 1000 bytes"):
        await fence.pwsh("fenced", Limits(output_bytes=1000)).run("yes >&2", {})


async def test_d05_a_shower_of_processes_ends_with_its_script(fence: Runner) -> None:
    mark = f"86400.{uuid4().int % 10**9}"
    script = f"i=0; while [ $i -lt 200 ]; do sleep {mark} > /dev/null 2>&1 & i=$((i + 1)); done; echo made"
    assert "made" in await fence.told(script)
    assert ends(mark)


async def test_the_fence_falls_with_the_process_that_built_it(fence: Runner) -> None:
    mark = f"86400.{uuid4().int % 10**9}"
    code = (
        "import asyncio; from pathlib import Path; from certloom.scripting.pwsh.interpreter import Pwsh\n"
        "from certloom.scripting.pwsh.process import Limits\n"
        f"pwsh = Pwsh('fenced', {str(fence.program)!r}, Path({str(fence.data_folder)!r}), Limits())\n"
        f"asyncio.run(pwsh.run('sleep {mark}', {{}}))"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as process:  # noqa: ASYNC220, S603 - its end is what is tested
        until = time.monotonic() + PATIENCE
        while not running(mark) and time.monotonic() < until:
            time.sleep(0.05)  # noqa: ASYNC251 - nothing else runs on this loop
        assert running(mark)
        process.send_signal(signal.SIGKILL)
    assert ends(mark)


async def test_d01_a_parameter_is_a_text_and_nothing_else(fence: Runner) -> None:
    hostile = "'; touch /tmp/x \"$(id)`id` $(Other) {{x}} %0d%0a \u202e 2024-01-01T00:00:00Z"
    result = await fence.pwsh("fenced").run('returns Told "$(given Name)"', {"Name": hostile})
    assert result.values == {"Told": hostile}


async def test_a_script_that_ends_without_an_answer_is_told_with_what_it_said(fence: Runner) -> None:
    with pytest.raises(ScriptFailed, match=r"ended with 3 and without an answer\. It said: no module"):
        await fence.pwsh("fenced").run("echo no module >&2; exit 3", {})


async def test_a_fence_that_cannot_be_built_is_found_by_trying_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    fault = await fence_fault()
    assert "setting up uid map: Permission denied" in fault
    assert "needs user namespaces" in fault
