"""The fence around a process: bubblewrap without network, home, other processes, or anything of this server's.

bubblewrap needs user namespaces, which many containers forbid, so nothing is assumed: the fence is tried before it is
relied on.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from certloom.scripting.pwsh.process import Limits, run_process

__all__ = ["FOLDER", "fence_fault", "fenced", "limited"]

FOLDER = "/tmp"  # noqa: S108 - inside the fence, where it is empty, of limited size, and gone afterwards
"""The one writable folder inside."""

_SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_READ = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/dotnet")
"""What programs below /usr need of /etc to start."""
_NOBODY = "65534"
_BLOCK = 512
"""Bytes in the unit of ``ulimit -f`` (POSIX)."""


def limited(command: Sequence[str], limits: Limits, *, processes: bool) -> tuple[str, ...]:
    """The command under the kernel's limits, set by a shell that then becomes the command.

    ``processes`` only inside a fence: the number counts everything the account runs, the server's own threads too.
    """
    most = limits.processes
    # A shell has either letter for the number of processes, and may end at the one it does not have.
    counted = f"if (ulimit -u {most}) 2>/dev/null; then ulimit -u {most}; else ulimit -p {most}; fi; "
    words = f"ulimit -c 0; ulimit -t {limits.cpu_seconds}; ulimit -f {limits.file_bytes // _BLOCK}; "
    script = f'{words}{counted if processes else ""}exec "$@"'
    return ("/bin/sh", "-c", script, "sh", *command)


def fenced(
    command: Sequence[str], program: Path, environment: Mapping[str, str], limits: Limits, bubblewrap: str
) -> tuple[str, ...]:
    """The command behind the fence, with its own limits inside. To be started with an empty environment.

    Inside are /usr, the folder of ``program``, a private /proc and /dev, and ``FOLDER``.
    """
    return (
        *(bubblewrap, "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"),
        *("--uid", _NOBODY, "--gid", _NOBODY, "--cap-drop", "ALL", "--hostname", "fence"),
        *_system(),
        *("--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"),
        *_writable("/dev/shm", limits),  # noqa: S108 - the fence's own
        *_writable(FOLDER, limits),
        *_home(program),
        *("--remount-ro", "/", "--chdir", FOLDER),
        *(word for name, value in environment.items() for word in ("--setenv", name, value)),
        "--",
        *limited(command, limits, processes=True),
    )


def _system() -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name in _SYSTEM:
        place = Path(name)
        if place.is_symlink():
            yield from ("--symlink", str(place.readlink()), name)
        elif place.is_dir():
            yield from ("--ro-bind", name, name)
    for name in _READ:
        yield from ("--ro-bind-try", name, name)


def _home(program: Path) -> tuple[str, ...]:
    home = program.parent
    return () if home.is_relative_to("/usr") else ("--ro-bind", str(home), str(home))


def _writable(folder: str, limits: Limits) -> Iterator[str]:
    yield from ("--perms", "1777", "--size", str(limits.folder_bytes), "--tmpfs", folder)


async def fence_fault(bubblewrap: str = "bwrap") -> str:
    """Why the fence cannot be used, and what to do about it; empty where it can. Tries it with `true`."""
    program = shutil.which(bubblewrap)
    if program is None:
        return "bubblewrap was not found. Install the package bubblewrap (Debian, Ubuntu, Fedora: the same name)"
    limits = Limits(seconds=10.0)
    command = fenced(("true",), Path("/usr/bin/true"), {}, limits, program)
    try:
        ended = await run_process(command, {}, b"", limits)
    except OSError as error:
        return f"bubblewrap cannot be started ({error.strerror}). Reinstall it"
    if ended.code == 0:
        return ""
    said = ended.errors.decode(errors="replace").strip()[:300] or f"it ended with {ended.code}"
    return (
        f"bubblewrap does not work here: {said}. It needs user namespaces, which containers and hardened kernels may "
        f"forbid: allow them for uid {os.getuid()}, or run certloom outside the container"
    )
