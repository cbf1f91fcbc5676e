"""Schedules and templates come and go as files, like all definitions."""

import json
from pathlib import Path

from flask import Flask

from signoff.platform import definitions
from signoff.plugins import applying

SCHEDULE = {"schema": "schedule/1", "key": "morning", "title": "Morning", "when": "every day 09:00", "do": "digest"}
TEMPLATE = {
    "schema": "template/1",
    "key": "task_assigned",
    "title": {"en": "Look at {number}", "zh": "请看 {number}"},
    "body": {"en": "", "zh": ""},
}


def test_an_export_applied_changes_nothing(shop: Flask, context: Flask, tmp_path: Path) -> None:
    for document in (SCHEDULE, TEMPLATE):
        name = f"{document['key']}.{str(document['schema']).partition('/')[0]}.json"
        (tmp_path / name).write_text(json.dumps(document), encoding="utf-8")
    assert len(applying.apply(applying.read_paths([tmp_path]), by="ada")) == 2
    written = applying.export(tmp_path / "out")
    assert {"morning.schedule.json", "task_assigned.template.json"} <= {path.name for path in written}
    assert applying.apply(applying.read_paths([tmp_path / "out"]), by="ada") == []


def test_what_is_wrong_is_found_without_a_database(context: Flask, tmp_path: Path) -> None:
    (tmp_path / "bad.schedule.json").write_text(json.dumps({**SCHEDULE, "when": "never"}), encoding="utf-8")
    (tmp_path / "bad.template.json").write_text(json.dumps({**TEMPLATE, "title": ""}), encoding="utf-8")
    found = applying.check(applying.read_paths([tmp_path]))
    assert [problem.path for _, problem in found] == ["/when", "/title"]
    assert definitions.in_force("schedule") == ()
