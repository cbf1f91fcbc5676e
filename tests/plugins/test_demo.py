"""The demo company looks the same at whatever hour it is started."""

from collections import Counter
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.flows.models import tasks
from signoff.forms.models import records
from signoff.platform import clock
from signoff.platform.db import reading
from signoff.plugins import demo

STATES = {"open": 7, "approved": 7, "rejected": 2, "withdrawn": 1, "returned": 1, "draft": 1}


@pytest.mark.parametrize("hour", [2, 7, 18], ids=["10:00 in Shanghai", "15:00", "2:00"])
def test_requests_in_every_state(app: Flask, hour: int) -> None:
    if app.extensions["signoff"].engine.dialect.name != "sqlite":
        pytest.skip("a demo is on SQLite")
    with clock.fixed(datetime(2026, 3, 12, hour, 5, tzinfo=UTC)):
        demo.build(lambda words: None)
    with reading() as conn:
        found = Counter(conn.execute(sa.select(records.c.status).where(records.c.form == "refund")).scalars())
        steps = sa.select(tasks.c.step).where(tasks.c.closed_at.is_(None)).distinct()
        waiting = set(conn.execute(steps).scalars())
    assert found == STATES
    assert {"first_answer", "intercept", "inspect", "recall", "lead"} <= waiting
