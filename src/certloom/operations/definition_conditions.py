"""What is wrong with the expressions among a step's conditions."""

from certloom.scripting.cel.expressions import Expressions
from certloom.scripting.cel.faults import ExpressionUnreadable
from certloom.workflow.condition import expression_of, is_expression
from certloom.workflow.definition import Step
from certloom.workflow.fault import Fault

__all__ = ["condition_faults"]


async def condition_faults(expressions: Expressions, step: Step) -> list[Fault]:
    """Every condition of the step that says it is an expression and cannot be read, with the place."""
    faults = []
    for condition in filter(is_expression, step.conditions):
        try:
            await expressions.check(expression_of(condition))
        except ExpressionUnreadable as error:
            text = f"{condition[:60]!r}: {error.message.rstrip('.')}"
            faults.append(Fault(step.unique_name, "Conditions", "expression-unreadable", text))
    return faults
