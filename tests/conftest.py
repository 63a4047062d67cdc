"""What every test may ask for, and an honest account of what was left out."""

import os
import shutil
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A fault that only some random example shows must not turn somebody else's change red; developers' runs look for those.
# And how long an example takes decides nothing.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("developer", deadline=None)
settings.register_profile("mutation", derandomize=True, max_examples=25, deadline=None)  # see tests/mutation
settings.load_profile("ci" if os.environ.get("CI") == "true" else "developer")

Install = Callable[..., None]
SAMPLE = Path(__file__).parent / "workflow" / "acme_steps.py"
COUNTERPARTS = tomllib.loads((Path(__file__).parent / "counterparts.toml").read_text())


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave a test out, by the package's name, where the program it talks to is not installed."""
    for marker in item.iter_markers("needs_npm"):
        (folder,) = marker.args
        if not (Path(__file__).parent / "counterparts" / folder / "node_modules" / ".package-lock.json").exists():
            pytest.skip(f"the npm packages of tests/counterparts/{folder} are not installed (npm ci there)")
    for marker in item.iter_markers("needs"):
        (package,) = marker.args
        binaries = [binary for binary, source in COUNTERPARTS.items() if source == package]
        if not binaries:
            message = f"{item.nodeid} needs {package!r}: list its binary in tests/counterparts.toml"
            raise pytest.UsageError(message)
        if not all(map(shutil.which, binaries)):
            # Properties travel with the report from an xdist worker; a skip's reason is only prose.
            item.user_properties.append(("absent package", package))
            pytest.skip(f"the Debian package {package} is not installed")


def _left_out(terminal: pytest.TerminalReporter) -> Counter[tuple[str, str]]:
    """How many tests were left out, by what is missing and its remedy; another skip by its reason alone."""
    counts: Counter[tuple[str, str]] = Counter()
    for report in terminal.stats.get("skipped", []):
        package = dict(getattr(report, "user_properties", ())).get("absent package")
        _, _, reason = report.longrepr
        remedy = f" (install it with apt install {package})" if package else ""
        counts[package or reason.removeprefix("Skipped: "), remedy] += 1
    return counts


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Say after every other summary what this run has not tested."""
    yield
    for (missing, remedy), count in sorted(_left_out(terminalreporter).items()):
        tests = "1 test" if count == 1 else f"{count} tests"
        terminalreporter.write_line(f"left out: {missing}: {tests}{remedy}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a run that left anything out has not passed."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or os.environ.get("CI") != "true":
        return
    if session.exitstatus == pytest.ExitCode.OK and _left_out(terminal):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts the sample package with these entry points, by name, among the installed packages."""
    folder = tmp_path / "packages"

    def installed(**points: str) -> None:
        described = folder / "acme_steps-1.2.dist-info"
        described.mkdir(parents=True)
        shutil.copy(SAMPLE, folder)
        (described / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-steps\nVersion: 1.2\n")
        lines = [f"{name} = {value}" for name, value in points.items()]
        (described / "entry_points.txt").write_text("\n".join(["[certloom.steps]", *lines, ""]))
        (folder / "acme_exits.py").write_text("raise SystemExit('no licence')\n")
        monkeypatch.syspath_prepend(folder)

    yield installed
    for name in ("acme_steps", "acme_exits"):
        sys.modules.pop(name, None)
