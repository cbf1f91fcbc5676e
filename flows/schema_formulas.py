"""Formulas in the values that actions are called with."""

from collections.abc import Mapping

from ..forms import formulas
from ..forms.kinds import Kind


def wrong_formula(text: str, kinds: Mapping[str, Kind] | None) -> str | None:
    """What is wrong with a formula, ``None`` if nothing is; without ``kinds`` only its grammar is looked at."""
    try:
        tree = formulas.parse(text)
        if kinds is not None:
            formulas.check(tree, kinds)
    except formulas.FormulaError as error:
        return str(error)
    return None
