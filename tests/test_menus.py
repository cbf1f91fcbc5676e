"""Every page is found through the bars, and they show under which entry it stands."""

from pathlib import Path

import pytest
from flask import Flask

from signoff import create_app
from signoff.platform.web import menus

UNDER_NONE = {
    "signoff_people.me", "signoff_notifications.index", "signoff_flows.search",  # the corner leads to them
    "signoff_forms.new", "signoff_forms.drafts", "signoff_forms.record", "signoff_forms.edit",  # home and lists do
    "signoff_forms.import_progress", "signoff_flows.print_page",  # another page does
    "signoff_web.components",  # the documentation does
    "signoff_people.sign_in", "signoff_flows.status", "signoff_flows.survey", "signoff_forms.public",
    "signoff_links.ask",  # of those who are not signed in
}  # fmt: skip
NO_PAGES = {
    "signoff_definitions.export_all", "signoff_definitions.known_keys", "signoff_files.download",
    "signoff_files.thumbnail", "signoff_flows.dashboard_xlsx", "signoff_flows.print_pdf", "signoff_flows.task_named",
    "signoff_forms.export", "signoff_forms.suggestions", "signoff_health.alive", "signoff_health.numbers",
    "signoff_health.ready", "signoff_notifications.live", "signoff_notifications.open_one",
    "signoff_people.example_csv", "signoff_people.export_people", "signoff_previews.suggestions",
    "signoff_web.favicon", "signoff_web.static",
}  # fmt: skip
OF_A_FORM = {"signoff_forms.records_of", "signoff_forms.import_page", "signoff_forms.import_map"}
"""Marked by the form whose records they are of: tests/forms/test_lists.py."""


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(data_dir=tmp_path, testing=True, mail_url="folder:")


def test_every_entry_stands_in_a_menu_that_there_is(app: Flask) -> None:
    with app.app_context():
        entries = dict(menus._entries)
    assert {each.parent for each in entries.values()} - {""} <= set(entries)


def test_every_page_stands_under_an_entry(app: Flask) -> None:
    endpoints = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith("/api/")
    }
    marked = {name for entry in menus._entries.values() for name in (entry.endpoint, *entry.also)}
    assert endpoints - marked - NO_PAGES - OF_A_FORM == UNDER_NONE
