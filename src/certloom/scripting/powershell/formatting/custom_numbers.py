"""Custom numeric format strings: ``0 # . , % ;`` and literal text."""

import re
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from certloom.scripting.powershell.values.floats import WIDE

__all__ = ["custom_number"]

_TOKENS = re.compile(r"'[^']*'|\"[^\"]*\"|\\.|[eE][+-]?0+|.", re.DOTALL)


class _Shape(msgspec.Struct):
    """What one section of a format string asks for."""

    whole: int = 0
    part: int = 0
    most: int = 0
    grouped: bool = False
    scale: int = 0


def custom_number(value: float | Decimal, form: str) -> str:
    """A number by a custom format; sections separated by ``;`` are for positive, negative and zero."""
    exact = Decimal(repr(float(value))) if isinstance(value, float) else Decimal(value)
    sections = _sections(form)
    chosen, sign = sections[0], "-" if exact < 0 else ""
    if exact < 0 and len(sections) > 1 and sections[1]:
        chosen, sign = sections[1], ""
    if exact == 0 and len(sections) > 2 and sections[2]:  # noqa: PLR2004 - the third section
        chosen = sections[2]
    return _section(abs(exact), chosen, sign)


def _sections(form: str) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for mark in _TOKENS.findall(form):
        if mark == ";":
            sections.append([])
        else:
            sections[-1].append(mark)
    return sections


def _shape(marks: list[str]) -> _Shape:
    shape = _Shape()
    point = False
    for at, mark in enumerate(marks):
        if mark == "." and not point:
            point = True
        elif mark in {"0", "#"}:
            _digit(shape, mark, marks, at, point=point)
        elif mark == "," and _digits_left(marks, at) and not point:
            if _digits_right(marks, at):
                shape.grouped = True
            else:
                shape.scale -= 3
        elif mark in {"%", "\u2030"}:
            shape.scale += 2 if mark == "%" else 3
    return shape


def _digit(shape: _Shape, mark: str, marks: list[str], at: int, *, point: bool) -> None:
    if point:
        shape.most += 1
        shape.part = shape.most if mark == "0" else shape.part
    elif mark == "0" or "0" in _before_point(marks[:at]):
        shape.whole += 1


def _before_point(marks: list[str]) -> list[str]:
    return marks[: marks.index(".")] if "." in marks else marks


def _digits_left(marks: list[str], at: int) -> bool:
    return any(mark in {"0", "#"} for mark in marks[:at])


def _digits_right(marks: list[str], at: int) -> bool:
    return any(mark in {"0", "#"} for mark in _before_point(marks)[at:])


def _section(value: Decimal, marks: list[str], sign: str) -> str:
    shape = _shape(marks)
    exact = value.scaleb(shape.scale)
    exact = exact.quantize(Decimal(1).scaleb(-shape.most), ROUND_HALF_UP, WIDE) if exact.adjusted() < 60 else exact  # noqa: PLR2004
    whole, _, part = format(exact, "f").partition(".")
    whole = whole.lstrip("0").rjust(shape.whole, "0")
    part = part[: shape.part] + part[shape.part :].rstrip("0")
    negative = sign if exact != 0 else ""
    return negative + _filled(marks, whole, part, shape)


def _filled(marks: list[str], whole: str, part: str, shape: _Shape) -> str:
    slots = [at for at, mark in enumerate(_before_point(marks)) if mark in {"0", "#"}]
    made: list[str] = []
    left, placed, point = whole, 0, False
    rest = list(part)
    for mark in marks:
        if mark in {"0", "#"}:
            if point:
                made.append(rest.pop(0) if rest else "")
            else:
                placed += 1
                keep = len(slots) - placed
                take = left if keep == 0 else left[: max(len(left) - keep, 0)]
                left = left[len(take) :]
                made.append(_with_commas(take, len(left)) if shape.grouped else take)
        elif mark == "." and not point:
            if not slots:
                made.append(left)
                left = ""
            point = True
            made.append("." if part else "")
        else:
            made.append(_text_of(mark))
    return "".join(made)


def _with_commas(digits: str, following: int) -> str:
    made = []
    for at, digit in enumerate(digits):
        behind = len(digits) - at - 1 + following
        made.append(digit + ("," if behind and behind % 3 == 0 else ""))
    return "".join(made)


def _text_of(mark: str) -> str:
    if mark == ",":
        return ""
    if len(mark) > 1 and mark[0] in "'\"":
        return mark[1:-1]
    return mark[1:] if mark[0] == "\\" else mark
