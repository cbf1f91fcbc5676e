"""What forms and flows in force owe each other: neither is published over the other's head."""

from typing import Any

import pytest
from flask import Flask

from signoff.flows import catalogue as flows
from signoff.forms import catalogue as forms
from signoff.platform.errors import Refused

from ..conftest import definition


def without(document: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The form without some fields, and without layout and rules that name them."""
    fields = [field for field in document["fields"] if field["key"] not in keys]
    return {**document, "fields": fields, "layout": [], "rules": [], "summary": ["reason"]}


def test_a_form_that_its_flow_no_longer_fits_is_refused_with_every_place(shop: Flask) -> None:
    with shop.app_context():
        with pytest.raises(Refused) as caught:
            forms.publish_form(without(definition("refund.form"), "inspection", "refunded_at"), by="ada")
        assert {problem.code for problem in caught.value.problems} == {"used_elsewhere"}
        said = " ".join(str(problem.message) for problem in caught.value.problems)
        for place in ("/steps/0/fields/inspection", "/steps/4/branches/0/when/inspection", "/steps/3/into/refunded_at"):
            assert place in said
        assert forms.program("refund").version == 1


def test_a_field_that_no_flow_asks_for_goes(shop: Flask) -> None:
    with shop.app_context():
        assert forms.publish_form(without(definition("refund.form"), "photos"), by="ada").version == 2
        assert flows.flow_program("refund").version == 1
