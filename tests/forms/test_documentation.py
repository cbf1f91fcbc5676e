"""The pages about field types, formulas and conditions say what the code does."""

import json
import re
from typing import Any

import pytest

from signoff.forms.conditions import parse as parse_condition
from signoff.forms.conditions.tree import Op
from signoff.forms.formulas import parse as parse_formula

from .documenting import DOCS, PAGES, made


@pytest.mark.parametrize("page", sorted(PAGES))
def test_what_is_made_of_the_code_is_up_to_date(page: str) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == made(page), "run .venv/bin/python -m tests.forms.documenting"


def blocks(page: str, language: str) -> list[str]:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    return found


def test_every_condition_on_the_page_can_be_read() -> None:
    found: list[Any] = [
        json.loads(line) for block in blocks("conditions.md", "json") for line in block.splitlines() if line
    ]
    assert len(found) > 5
    assert [problems for each in found if (problems := parse_condition(each, None)[1])] == []


def test_every_formula_on_the_page_can_be_read() -> None:
    found = [line for block in blocks("formulas.md", "text") for line in block.splitlines() if line]
    assert len(found) > 5
    assert all(parse_formula(line) for line in found)


def test_every_operator_of_conditions_is_on_the_page() -> None:
    page = (DOCS / "conditions.md").read_text(encoding="utf-8")
    assert [op for op in Op if f"`{op.value}`" not in page] == []
