"""Conditions: JSON that can be edited as rows, checked and proven. See ``docs/conditions.md``."""

from .bind import bind, loosened
from .codec import from_json, operand_json, to_json
from .describe import describe
from .evaluate import compile_condition, evaluate, fields_of, is_blank
from .parse import parse
from .tree import ALWAYS, All, AnyOf, Condition, FieldRef, Not, Op, Rows, Test, Values

__all__ = [
    "ALWAYS",
    "All",
    "AnyOf",
    "Condition",
    "FieldRef",
    "Not",
    "Op",
    "Rows",
    "Test",
    "Values",
    "bind",
    "compile_condition",
    "describe",
    "evaluate",
    "fields_of",
    "from_json",
    "is_blank",
    "loosened",
    "operand_json",
    "parse",
    "to_json",
]
