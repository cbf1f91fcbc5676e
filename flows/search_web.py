"""The page of the search: one box over requests, records, customers and people."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..platform.people.current import current_person
from . import searching
from .blueprint import bp


@bp.get("/search")
def search() -> ResponseReturnValue:
    """What was found; a number that was typed in full opens its record."""
    found = searching.find(request.args.get("q", ""), current_person())
    if found.exact is not None and not request.args.get("all"):
        return redirect(url_for("signoff_forms.record", record_id=found.exact.id))
    return render_template("signoff/flows/search.html", found=found, shortest=searching.SHORTEST)
