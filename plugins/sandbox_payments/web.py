"""The ledger of the sandbox, for those who reconcile."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ...platform.people.current import current_person
from ...platform.people.policy import require
from .ledger import ledger, total

bp = Blueprint("signoff_sandbox", __name__)
PAGE = 50


@bp.get("/sandbox-payments")
def show_ledger() -> ResponseReturnValue:
    require(current_person(), "admin", "finance")
    rows = ledger(before=request.args.get("before", type=int), limit=PAGE + 1)
    following = url_for(".show_ledger", before=rows[PAGE - 1].id) if len(rows) > PAGE else None
    count, amount = total()
    return render_template(
        "signoff/plugins/sandbox_ledger.html", rows=rows[:PAGE], count=count, amount=amount, following=following
    )
