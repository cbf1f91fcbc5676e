"""Line items as samples: rows that meet the tests of their columns or fail them, alone and two together."""

from collections.abc import Sequence
from itertools import combinations, product
from typing import Any

from ...forms.conditions import evaluate
from ...forms.conditions.tree import Test
from ...forms.definition import Field
from ...platform.people.directory import Directory
from .domains import Domain, Evaluate, sampled
from .field_domains import domain_of_field
from .testing import constants_of

MAX_ROWS = 12


def domain_of_table(
    field: Field, tests: Sequence[Test], holds: Evaluate, people: Directory | None, *, blank: bool
) -> Domain:
    """Some of the line items that ``field`` can have; ``tests`` are those of its columns."""
    columns = {column.key: column for column in field.columns}
    asked = [key for key in dict.fromkeys(test.field for test in tests) if key in columns]
    values = [_values(columns[key], [test for test in tests if test.field == key], people) for key in asked]
    rows = [dict(zip(asked, row, strict=True)) for row, _ in zip(product(*values), range(MAX_ROWS), strict=False)]
    tables = [(row,) for row in rows] + list(combinations(rows, 2))
    return sampled(tables, holds, blank=blank)


def _values(column: Field, tests: Sequence[Test], people: Directory | None) -> list[Any]:
    def holds(test: Test, value: Any) -> bool:
        return evaluate(test, {column.key: value})

    blank = not column.required
    domain = domain_of_field(column, tests, constants_of(tests), holds, people, blank=blank)
    return [cell.value for cell in domain.cells if cell.certain]
