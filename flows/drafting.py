"""Flows for forms that are not in force."""

from collections.abc import Mapping
from typing import Any

from ..forms.program import FormProgram
from ..platform.problems import Problem, errors_of
from .compile import compile_flow
from .program import FlowProgram
from .schema import read_flow


def program_of(flow: Mapping[str, Any], form: FormProgram) -> tuple[FlowProgram | None, list[Problem]]:
    """The program of a flow over a form that may be a draft, or ``None`` and what does not fit."""
    parsed, problems = read_flow(flow, form)
    compiled, more = compile_flow(parsed, form) if parsed is not None else (None, [])
    return compiled, list(errors_of([*problems, *more]))
