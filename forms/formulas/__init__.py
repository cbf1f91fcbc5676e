"""Formulas: text as in a spreadsheet, a checked tree, exact decimals. See ``docs/formulas.md``."""

from .check import check, resolve
from .evaluate import Env, compile_formula, evaluate
from .functions import FUNCTIONS
from .parse import parse
from .sorts import Sort, Typed
from .tree import Call, FormulaError, Literal, Name, Tree, fields_of, from_json, functions_of, to_json

__all__ = [
    "FUNCTIONS",
    "Call",
    "Env",
    "FormulaError",
    "Literal",
    "Name",
    "Sort",
    "Tree",
    "Typed",
    "check",
    "compile_formula",
    "evaluate",
    "fields_of",
    "from_json",
    "functions_of",
    "parse",
    "resolve",
    "to_json",
]
