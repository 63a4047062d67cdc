"""Words with a meaning of their own in the grammar."""

__all__ = ["KEYWORDS", "NOT_SUPPORTED", "PRECEDENCE", "SCOPES", "UNARY"]

_COMPARED = [
    "eq",
    "ne",
    "gt",
    "ge",
    "lt",
    "le",
    "like",
    "notlike",
    "match",
    "notmatch",
    "contains",
    "notcontains",
    "in",
    "notin",
    "replace",
    "split",
    "join",
]

# From loose to tight, as in "about_Operator_Precedence"; the values only order the operators.
_LEVELS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (1, ("and", "or", "xor")),
    (2, ("band", "bor", "bxor")),
    (
        3,
        (*_COMPARED, *(f"i{name}" for name in _COMPARED), *(f"c{name}" for name in _COMPARED), "is", "isnot", "as"),
    ),
    (3, ("shl", "shr")),
    (4, ("??",)),
    (5, ("+", "-")),
    (6, ("*", "/", "%")),
    (7, ("f",)),
    (8, ("..",)),
)
PRECEDENCE = {name: level for level, names in _LEVELS for name in names}

UNARY = frozenset({"not", "bnot", "join", "split", "isplit", "csplit"})

SCOPES = frozenset({"script", "global", "local", "private", "variable"})

KEYWORDS = frozenset(
    [
        "if",
        "switch",
        "foreach",
        "for",
        "while",
        "do",
        "function",
        "filter",
        "return",
        "throw",
        "exit",
        "break",
        "continue",
        "try",
        "param",
        "trap",
    ]
)

NOT_SUPPORTED = {
    "class": "a function that returns a [pscustomobject], with Add-Member ScriptMethod for methods",
    "enum": "a hashtable or [ValidateSet()]",
    "using": "nothing: only built-in types exist",
    "data": "a plain assignment",
    "dynamicparam": "param()",
    "workflow": "a function",
    "configuration": "a function",
    "parallel": "foreach",
    "sequence": "plain statements",
    "inlinescript": "plain statements",
}
