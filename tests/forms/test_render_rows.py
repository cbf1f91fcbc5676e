"""What is drawn in each row of line items is HTML, never text that was escaped on the way."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from flask import Flask
from flask.testing import FlaskClient

SignIn = Callable[[str], AbstractContextManager[FlaskClient]]


def test_inputs_of_a_row_say_that_they_are_required(shop: Flask, sign_in: SignIn) -> None:
    with sign_in("amy") as client:
        page = client.get("/forms/refund/new").text
    start = page.index('id="f-lines-0-quantity"')
    drawn = page[start : page.index(">", start)]
    assert ' aria-required="true"' in drawn
    assert "&#34;" not in drawn
