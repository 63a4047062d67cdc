import ast
from pathlib import Path

MOST_LINES = 400
FORBIDDEN = {"utils", "helpers", "common", "misc", "base", "manager", "handler", "handlers", "impl"}


def too_long(folder: Path) -> list[str]:
    lengths = {module: len(module.read_text().splitlines()) for module in folder.rglob("*.py")}
    return [f"{module}: {lines} lines" for module, lines in lengths.items() if lines >= MOST_LINES]


def named_after_nothing(folder: Path) -> list[str]:
    modules = [*folder.rglob("*.py"), *(package.parent for package in folder.rglob("__init__.py"))]
    return [str(module) for module in modules if module.stem in FORBIDDEN]


def packages_without_docstring(folder: Path) -> list[str]:
    packages = folder.rglob("__init__.py")
    return [str(package) for package in packages if ast.get_docstring(ast.parse(package.read_text())) is None]


def test_no_module_reaches_the_size_at_which_nobody_reads_it(repository: Path) -> None:
    assert too_long(repository / "src") == []


def test_every_module_is_named_after_something(repository: Path) -> None:
    assert named_after_nothing(repository / "src") == []


def test_every_package_says_what_it_holds(repository: Path) -> None:
    assert packages_without_docstring(repository / "src") == []


def test_a_long_module_a_nameless_one_and_a_silent_package_are_found(tmp_path: Path) -> None:
    package = tmp_path / "utils"
    package.mkdir()
    silent = package / "__init__.py"
    silent.write_text("")
    long = package / "long.py"
    long.write_text("\n" * MOST_LINES)

    assert too_long(tmp_path) == [f"{long}: 400 lines"]
    assert named_after_nothing(tmp_path) == [str(package)]
    assert packages_without_docstring(tmp_path) == [str(silent)]
