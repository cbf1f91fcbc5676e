"""Draw the page of 25 fields and 20 line items as people get it, with its predicted route; beside plain WTForms."""

import cProfile
import os
import pstats
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import DictLoader, Environment, select_autoescape

from signoff import create_app
from signoff.flows import catalogue as flows
from signoff.forms import catalogue, service
from signoff.platform.people import current
from signoff.platform.people.definition import read_people

from ..conftest import definition
from . import bench_forms_read
from .bench_forms_read import ROWS, flat, plain_form, submission

PLAIN = """<!doctype html><html><head><title>Plain</title></head><body><form method="post">
{% for field in form %}{% if field.type == "FieldList" %}<table>{% for row in field %}<tr>{% for cell in row.form %}
<td>{{ cell(class="form-control") }}{% for error in cell.errors %}<p>{{ error }}</p>{% endfor %}</td>
{% endfor %}</tr>{% endfor %}</table>
{% else %}<div>{{ field.label }}{{ field(class="form-control") }}
{% for error in field.errors %}<p>{{ error }}</p>{% endfor %}</div>{% endif %}{% endfor %}
</form></body></html>"""

FLOW: dict[str, Any] = {
    "schema": "flow/1",
    "key": "bench",
    "title": "Bench",
    "form": "bench",
    "steps": [
        {"id": "lead", "kind": "approve", "who": [{"manager": 1}], "nobody": "admin", "due": {"in": "PT8H"}},
        {
            "id": "size",
            "kind": "route",
            "branches": [
                {"id": "large", "when": {"amount": {"gt": "500"}}, "steps": [
                    {"id": "finance", "kind": "approve", "who": [{"role": "finance"}], "due": {"in": "PT12H"}}]},
                {"id": "small", "otherwise": True, "steps": []},
            ],
        },
        {"id": "owner", "kind": "approve", "who": [{"role": "admin"}], "mode": "any", "due": {"in": "P1D"}},
    ],
    "settings": {"self_approval": "escalate"},
}  # fmt: skip
"""What the page predicts beside the form: the steps, who acts on them, until when."""


def application(folder: Path, database_url: str) -> tuple[Flask, int]:
    """An application with one draft of the form, which has every row filled; and the id of the draft."""
    app = create_app(
        database_url=database_url or f"sqlite:///{folder / 'page.db'}",
        data_dir=folder,
        secret_key="a secret for the benchmark",
        testing=True,
        mail_url="folder:",
    )
    with app.app_context():
        from signoff.platform.migrating import upgrade
        from signoff.platform.people import service as people

        upgrade()
        found, problems = read_people(definition("people"))
        assert found is not None, problems
        people.apply_people(found, by=None)
        catalogue.publish_form(definition("product.form"), by="ada")
        ada = people.directory().person("ada")
        assert ada is not None
        products = [
            service.submit("product", {"sku": f"P{place}", "name": "Lantern", "price": "12.50"}, by=ada).id
            for place in range(5)
        ]
        document = bench_forms_read.document()
        catalogue.publish_form({**document, "title": "Bench"}, by="ada")
        flows.publish_flow(FLOW, by="ada")
        raw = submission()
        raw["lines"] = [{**row, "product": products[place % 5]} for place, row in enumerate(raw["lines"])]
        return app, service.submit("bench", raw, by=ada, draft=True).id


def page_of(app: Flask, path: str) -> Callable[[], Any]:
    """Asks for a page as a browser that is signed in."""
    client = app.test_client(use_cookies=True)
    with client.session_transaction() as session, app.app_context():
        session.update(current.session_of("ada"))
    client.get(path)  # the page's token is in the cookie from the first page on
    name = app.config["SESSION_COOKIE_NAME"]
    cookie = client.get_cookie(name)
    assert cookie is not None
    headers = {"Cookie": f"{name}={cookie.value}"}
    from werkzeug.test import EnvironBuilder

    environ = EnvironBuilder(path=path, headers=headers).get_environ()
    answer: dict[str, Any] = {}

    def start(status: str, headers: Any, exc_info: Any = None) -> Any:
        answer["status"] = status
        return None

    def ask() -> bytes:
        body = b"".join(app.wsgi_app(dict(environ), start))
        assert answer["status"].startswith("200"), answer["status"]
        return body

    return ask


def plain_page() -> Callable[[], Any]:
    """The same fields in WTForms and Jinja: no layout of a site, no session, no rules."""
    plain, posted = plain_form(), flat(submission())
    template = Environment(loader=DictLoader({"page": PLAIN}), autoescape=select_autoescape(default=True)).get_template(
        "page"
    )
    return lambda: template.render(form=plain(posted))


def rates(runs: Mapping[str, Callable[[], Any]], rounds: int = 60, seconds: float = 0.03) -> dict[str, float]:
    """Runs per second of one core: the best of many short spans, in turn, so that other work disturbs all alike."""
    best = dict.fromkeys(runs, 0.0)
    for _ in range(rounds):
        for label, run in runs.items():
            count, start = 0, time.process_time()
            while (spent := time.process_time() - start) < seconds:
                run()
                count += 1
            best[label] = max(best[label], count / spent)
    return best


def main(database_url: str = "") -> None:
    """Print pages a second and the ratio to plain WTForms; ``PROFILE=1`` also where the time goes."""
    with tempfile.TemporaryDirectory() as name:
        app, draft = application(Path(name), database_url)
        full, empty = page_of(app, f"/records/{draft}/edit"), page_of(app, "/forms/bench/new")
        foreseen = app.extensions["signoff"].caches["flows.foreseen"]

        def anew() -> Any:
            foreseen.clear()
            return full()

        size = len(full())
        plain = "WTForms in Jinja, fields alone"
        found = rates(
            {
                plain: plain_page(),
                "Signoff: GET of the whole page, empty": empty,
                f"Signoff: GET of the whole page, {ROWS} rows": full,
                "    … of somebody new, the route worked out": anew,
            }
        )
        print(f"{f'draw 25 fields + {ROWS} line items ({size / 1000:.0f} kB)':<48}{'per second':>12}{'× WTForms':>12}")
        for label, count in found.items():
            print(f"{label:<48}{count:>12,.0f}{count / found[plain]:>12.1f}")
        print("aim: the whole page 600 a second")
        if os.environ.get("PROFILE"):
            profile = cProfile.Profile()
            profile.enable()
            for _ in range(300):
                full()
            profile.disable()
            pstats.Stats(profile).sort_stats(os.environ["PROFILE"]).print_stats(110)


if __name__ == "__main__":
    main()
