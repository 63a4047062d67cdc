r"""The query language: text to a checked expression.

::

    query      = [ any-of ]
    any-of     = all-of *( "OR" all-of )
    all-of     = primary *( "AND" primary )
    primary    = "(" any-of ")" / comparison
    comparison = field operator value / field ( "-null" / "-notnull" )
    value      = bare word / double-quoted text

Fields, operators and the words AND and OR are matched ignoring case. In a quoted text ``""`` and ``\"`` are a quote,
``\\`` is a backslash, any other backslash is itself (``"CORP\alice"``), and outer blanks are cut off. ``-null`` and
``-notnull`` stand for ``-eq NULL`` and ``-ne NULL``.

Sources: reference workflow-instances 6, api-surface 2.7. Precedence, parentheses and escapes are ours.
"""

from collections.abc import Mapping
from typing import Final, NoReturn

from certloom.api.query_tokens import MAX_CHARACTERS, QueryInvalid, Token, invalid_at, tokenize
from certloom.api.query_values import ValueUnfit, operators_of, read_value
from certloom.store.query_expression import And, Comparison, Expression, FieldKind, Null, Operator, Or

__all__ = ["MAX_CHARACTERS", "QueryInvalid", "parse"]

MAX_DEPTH: Final = 20
MAX_COMPARISONS: Final = 200
NULL_OPERATORS: Final = {"-null": Operator.EQUAL, "-notnull": Operator.NOT_EQUAL}
OPERATORS: Final = {operator.value: operator for operator in Operator}


def parse(text: str, fields: Mapping[str, FieldKind]) -> Expression | None:
    """Read a query over these fields. None when it is blank: then everything is asked for.

    Raises:
        QueryInvalid: pointing at the column, with the fields, operators or values allowed there. Also for more than
            16,384 characters, 200 comparisons or 20 levels of parentheses.
    """
    tokens = tokenize(text)
    return _Parser(text, tokens, fields).whole() if tokens else None


class _Parser:
    """Recursive descent over the tokens of one query."""

    def __init__(self, text: str, tokens: list[Token], fields: Mapping[str, FieldKind]) -> None:
        self._text = text
        self._tokens = tokens
        self._next = 0
        self._comparisons = 0
        self._fields = {name.casefold(): (name, kind) for name, kind in fields.items()}

    def whole(self) -> Expression:
        expression = self._any_of(depth=0)
        if self._next < len(self._tokens):
            self._fail("AND, OR or the end is expected; put a value that holds blanks between double quotes")
        return expression

    def _any_of(self, depth: int) -> Expression:
        operands = [self._all_of(depth)]
        while self._take_word("or"):
            operands.append(self._all_of(depth))
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def _all_of(self, depth: int) -> Expression:
        operands = [self._primary(depth)]
        while self._take_word("and"):
            operands.append(self._primary(depth))
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def _primary(self, depth: int) -> Expression:
        if not self._take_word("("):
            return self._comparison()
        if depth == MAX_DEPTH:
            self._fail(f"parentheses may be nested {MAX_DEPTH} levels deep", back=1)
        inner = self._any_of(depth + 1)
        if not self._take_word(")"):
            self._fail("a closing parenthesis, AND or OR is expected")
        return inner

    def _comparison(self) -> Comparison:
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            self._fail(f"a query may hold {MAX_COMPARISONS} comparisons")
        name, kind = self._field()
        word = self._take("an operator").text.casefold()
        if word in NULL_OPERATORS:
            return Comparison(name, NULL_OPERATORS[word], Null())
        operator = self._operator(word, name, kind)
        value_token = self._take("a value")
        if value_token.is_parenthesis:
            self._fail("a value is expected; put one that holds parentheses between double quotes", back=1)
        try:
            value = read_value(value_token.text, kind, quoted=value_token.quoted)
        except ValueUnfit as error:
            self._fail(f"{name} cannot be compared with this: {error.message}", back=1)
        if isinstance(value, Null) and operator not in NULL_OPERATORS.values():
            self._fail("NULL can only be compared with -eq and -ne", back=1)
        return Comparison(name, operator, value)

    def _field(self) -> tuple[str, FieldKind]:
        token = self._take("a field")
        known = None if token.quoted else self._fields.get(token.text.casefold())
        if known is None:
            self._fail(f"a field is expected, one of {', '.join(sorted(self._spellings()))}", back=1)
        return known

    def _operator(self, word: str, name: str, kind: FieldKind) -> Operator:
        allowed = operators_of(kind)
        operator = OPERATORS.get(word)
        if operator not in allowed:
            self._fail(f"{name} needs an operator, one of {', '.join(allowed)}, -null, -notnull", back=1)
        return operator

    def _spellings(self) -> list[str]:
        return [name for name, _ in self._fields.values()]

    def _take(self, what: str) -> Token:
        if self._next == len(self._tokens):
            self._fail(f"{what} is expected, but the query ends")
        self._next += 1
        return self._tokens[self._next - 1]

    def _take_word(self, word: str) -> bool:
        if self._next == len(self._tokens):
            return False
        token = self._tokens[self._next]
        taken = not token.quoted and token.text.casefold() == word
        self._next += taken
        return taken

    def _fail(self, expected: str, back: int = 0) -> NoReturn:
        index = self._next - back
        column = self._tokens[index].column if index < len(self._tokens) else len(self._text)
        raise invalid_at(self._text, column, expected)
