"""The process that reads and evaluates expressions, one question at a time.

A question is its length in four octets and then JSON; the answer is one line of JSON. The memory it may use is
limited; how long it may take, its parent watches.
"""

import resource
import sys
from typing import Any, Final

import msgspec

from certloom.scripting.cel.expression import Expression
from certloom.scripting.cel.faults import ExpressionFailed, ExpressionUnreadable
from certloom.scripting.cel.questions import Answer, Question

__all__ = ["answer", "main"]

_MEMORY: Final = 512 * 1024 * 1024
_KEPT: Final = 256


def main() -> None:
    """Answer questions until there are no more."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    read, write = sys.stdin.buffer, sys.stdout.buffer
    write.write(b"\n")
    write.flush()
    known: dict[str, Expression] = {}
    decoder = msgspec.json.Decoder(Question)
    while length := read.read(4):
        write.write(msgspec.json.encode(answer(decoder.decode(read.read(int.from_bytes(length))), known)) + b"\n")
        write.flush()


def answer(question: Question, known: dict[str, Expression]) -> Answer:
    """Read the expression, unless it is ``known``, and evaluate it where there is data to evaluate it over."""
    try:
        expression = known.get(question.text) or Expression(question.text)
        if len(known) >= _KEPT:
            known.clear()
        known[question.text] = expression
        value: Any = None if question.data is None else expression.evaluate(question.data)
    except ExpressionUnreadable as error:
        return Answer(unreadable=error.reason, line=error.line, column=error.column)
    except (ExpressionFailed, MemoryError) as error:
        return Answer(failed=str(error) or "it needs too much memory.")
    return Answer(value=value)


if __name__ == "__main__":
    main()
