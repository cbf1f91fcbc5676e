"""Rows of line items as a page sends them: in the order of the page, also where no script runs."""

import pytest
from werkzeug.datastructures import MultiDict

from signoff.forms import plain_fill
from signoff.forms.program import FormProgram
from signoff.forms.wire import filled_rows, raw_of

from .forming import program, table, text


@pytest.fixture(scope="module")
def things() -> FormProgram:
    return program([table("lines", text("what"), text("why"))])


def page(*rows: tuple[int, str]) -> MultiDict[str, str]:
    """A page with these rows: number and word."""
    sent: MultiDict[str, str] = MultiDict()
    for number, word in rows:
        sent.add(f"f-lines-{number}-what", word)
        sent.add(f"f-lines-{number}-why", "")
        sent.add(f"f-lines-{number}", "1")
    sent.add("f-lines", "")
    return sent


def words(things: FormProgram, sent: MultiDict[str, str]) -> list[str]:
    return [row["what"] for row in raw_of(things.form.fields, sent)["lines"]]


def test_rows_are_read_in_the_order_of_the_page(things: FormProgram) -> None:
    sent = page((4, "a"), (0, "b"), (3, ""), (12, "c"))
    assert words(things, sent) == ["a", "b", "c"]
    assert filled_rows(things.form.fields[0], sent) == [4, 0, 12]


@pytest.mark.parametrize(("action", "order"), [
    ("down:lines:0", "bac"), ("up:lines:2", "acb"), ("up:lines:0", "abc"), ("down:lines:2", "abc"),
    ("up:lines:9", "abc"), ("copy:lines:0", "aabc"), ("remove:lines:1", "ac"),
])  # fmt: skip
def test_buttons_move_rows_without_script(things: FormProgram, action: str, order: str) -> None:
    sent = page((0, "a"), (1, "b"), (2, "c"))
    assert plain_fill.act(things, sent, action)
    assert "".join(words(things, sent)) == order


def test_a_row_added_without_script_comes_last(things: FormProgram) -> None:
    sent = page((5, "a"), (2, "b"))
    assert plain_fill.act(things, sent, "add:lines")
    sent["f-lines-6-what"] = "c"
    assert words(things, sent) == ["a", "b", "c"]
