"""Scripts nobody would write: golden cases with their tokens mixed up, and tokens in no order at all."""

import random
import re
import tomllib
from collections import defaultdict
from pathlib import Path

__all__ = ["Maker"]

GOLDEN = Path(__file__).parents[1] / "scripting" / "powershell" / "golden"

# The first kind that matches names a token; what stands for itself is one character.
KINDS = re.compile(
    r"""(?P<here>@'\n.*?\n'@|@"\n.*?\n"@)|(?P<text>'[^']*'|"[^"]*")|(?P<variable>\$\{[^}]*\}|\$\w+|@\w+)"""
    r"""|(?P<type>\[[A-Za-z][\w.]*(?:\[\])?\])|(?P<member>\.\w+|::\w+)|(?P<operator>-[A-Za-z]+|[-+*/%]=|\+\+|--|\.\.)"""
    r"""|(?P<cmdlet>[A-Z]\w+-\w+)|(?P<number>0x[0-9a-fA-F]+|\d+(?:\.\d+)?\w*)|(?P<word>\w+)"""
    r"""|(?P<space>\s+)|(?P<sign>.)""",
    re.DOTALL,
)
ODD: dict[str, tuple[str, ...]] = {
    "number": ("0", "-1", "1e308", "1e-320", "2147483648", "9223372036854775807", "0x8000000000000000", "1mb", "0.1d"),
    "text": (
        "''",
        '""',
        "'\u0130\u017f\u00df'",
        "'\U0001f600'",
        "'a,b;c'",
        "'{0:N2}'",
        "'(.)+\\1'",
        '"$($x)"',
        "'\x00'",
    ),
    "variable": ("$null", "$true", "$_", "$args", "$input", "$Error", "$PSItem", "$script:x", "$x[0]", "@()", "@{}"),
    "operator": ("-f", "-split", "-join", "-replace", "-match", "-as", "-is", "-shl", "-bnot", "..", "++"),
    "member": (".Length", ".Count", ".GetType()", ".ToString('R')", ".Split(',')", ".Substring(-1)", "[-1]", "::new()"),
    "sign": ("(", ")", "{", "}", "@(", "@{", "$(", ";", ",", "|", "&", "`", "?", "\n", "#", "<#", "[", "]", "!", "="),
    "word": ("if", "foreach", "switch", "while", "function", "param", "return", "throw", "try", "trap", "break", "in"),
}
AROUND = (
    "& { %s }",
    "@(%s)",
    '"<$(%s)>"',
    "try { %s } catch { $_.Exception.Message } finally { 1 }",
    "foreach ($x in 1, 'a', $null) { %s }",
    "1..3 | ForEach-Object { %s }",
    "if (%s) { 1 } else { 2 }",
    "switch -regex ('a') { 'a' { %s } default { 0 } }",
    "function f($x) { %s } f 1",
    "$x = %s; $x | ConvertTo-Json",
    "(%s).ToString()",
    "[string](%s)",
    "@{ k = (%s) } | Sort-Object | Group-Object",
)


class Maker:
    """Makes scripts, the same ones from the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a test, to be repeated
        self._scripts = [script for group in sorted(GOLDEN.glob("*.toml")) for script in _golden(group)]
        self._tokens: dict[str, list[str]] = defaultdict(list)
        for script in self._scripts:
            for kind, token in _tokens(script):
                self._tokens[kind].append(token)
        for kind, more in ODD.items():
            self._tokens[kind].extend(more * 20)
        self._kinds = sorted(self._tokens)

    def script(self) -> str:
        """The next script."""
        if self._random.random() < 0.15:
            return "".join(self._any() + self._random.choice(("", " ")) for _ in range(self._random.randint(1, 30)))
        tokens = _tokens(self._random.choice(self._scripts))
        for _ in range(self._random.randint(1, 5)):
            self._mutate(tokens)
        script = "".join(token for _, token in tokens)
        while self._random.random() < 0.3:
            script = self._random.choice(AROUND).replace("%s", script)
        return script

    def _mutate(self, tokens: list[tuple[str, str]]) -> None:
        place = self._random.randrange(len(tokens) + 1)
        inside = tokens[place : place + 1]
        match self._random.randrange(6):
            case 0 | 1:
                tokens[place : place + 1] = [(kind, self._random.choice(self._tokens[kind])) for kind, _ in inside]
            case 2:
                tokens[place : place + 1] = []
            case 3:
                tokens[place:place] = inside * self._random.choice((1, 2, 20))
            case 4:
                tokens[place:place] = [("sign", self._any())]
            case _:
                other = _tokens(self._random.choice(self._scripts))
                start = self._random.randrange(len(other))
                tokens[place:place] = other[start : start + self._random.randint(1, 12)]

    def _any(self) -> str:
        return self._random.choice(self._tokens[self._random.choice(self._kinds)])


def _golden(group: Path) -> list[str]:
    rules = tomllib.loads(group.read_text())["rule"]
    lines = (line for rule in rules for line in rule["cases"].strip().splitlines())
    return [line.rsplit(" => ", 1)[0].replace("\u21b5", "\n") for line in lines]


def _tokens(script: str) -> list[tuple[str, str]]:
    return [(str(found.lastgroup), found[0]) for found in KINDS.finditer(script)]
