"""The words of a query, and the errors that point at them."""

import re
from typing import Final

import msgspec

from certloom.errors import Invalid

__all__ = ["MAX_CHARACTERS", "QueryInvalid", "Token", "invalid_at", "tokenize"]

MAX_CHARACTERS: Final = 16_384
SHOWN_CHARACTERS: Final = 36
TOKEN: Final = re.compile(
    r"""\s*+(?: (?P<parenthesis>[()])
              | "(?P<quoted>(?:[^"\\]++|""|\\.|\\(?=\Z))*+)(?P<end>"?)
              | (?P<bare>[^\s()"]++) )""",
    re.VERBOSE | re.DOTALL,
)
ESCAPE: Final = re.compile(r'""|\\"|\\\\')


class QueryInvalid(Invalid):
    """A query that breaks the grammar, or that its fields do not allow."""


class Token(msgspec.Struct, frozen=True):
    """A word of a query; ``column`` counts from 0, ``text`` has no quotes and escapes left."""

    text: str
    column: int
    quoted: bool = False
    is_parenthesis: bool = False


def tokenize(text: str) -> list[Token]:
    """The words of a query.

    Raises:
        QueryInvalid: for a quoted text without its end, control characters, or more than 16,384 characters.
    """
    if len(text) > MAX_CHARACTERS:
        message = f"The query has {len(text)} characters, but {MAX_CHARACTERS} are the limit. Ask for less at once."
        raise QueryInvalid(message)
    for column, character in enumerate(text):
        if (character < " " and character not in "\t\r\n") or character == "\x7f":
            raise invalid_at(text, column, "no control characters may stand in a query")
    end = len(text.rstrip())
    tokens = []
    position = 0
    while position < end:
        match = TOKEN.match(text, position)
        if match is None:
            raise invalid_at(text, position, "a word is expected")
        tokens.append(_token(text, match))
        position = match.end()
    return tokens


def _token(text: str, match: re.Match[str]) -> Token:
    if match["parenthesis"]:
        return Token(match["parenthesis"], match.start("parenthesis"), is_parenthesis=True)
    if match["bare"]:
        return Token(match["bare"], match.start("bare"))
    column = match.start("quoted") - 1
    if not match["end"]:
        raise invalid_at(text, column, "the text that begins here has no closing quote")
    unescaped = ESCAPE.sub(lambda escape: escape[0][-1], match["quoted"])
    return Token(unescaped.strip(), column, quoted=True)


def invalid_at(text: str, column: int, expected: str) -> QueryInvalid:
    """The error that shows the query around a column, counted from 0, with a mark under it."""
    start = max(0, column - SHOWN_CHARACTERS)
    excerpt = re.sub(r"[\x00-\x1f\x7f]", " ", text[start : column + SHOWN_CHARACTERS])
    return QueryInvalid(
        f"The query cannot be read at column {column + 1}: {expected}.\n  {excerpt}\n  {' ' * (column - start)}^"
    )
