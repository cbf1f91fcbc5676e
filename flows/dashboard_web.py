"""The dashboard: how many requests, about what money, how long they take, what is late; each number opens its list."""

from decimal import Decimal
from typing import Any

from flask import render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from ..forms import catalogue as forms
from ..platform.people.current import current_person
from ..platform.web.filters import short_day
from ..platform.web.language import gettext as _
from . import behind, dashboard_sheet, reports
from . import dashboard as figures
from .behind import Slice
from .blueprint import bp
from .references import Reference

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARTS = ("axis", "member", "ending", "answer", "score", "work", "step", "person", "principal", "whose")


@bp.get("/dashboard")
def dashboard() -> ResponseReturnValue:
    """All reports of one form, or of all, on one page."""
    board = _board()
    return render_template(
        "signoff/flows/dashboard.html",
        board=board,
        periods=figures.PERIODS,
        address=_address,
        behind=_behind,
        charts=_charts(board),
    )


@bp.get("/dashboard.xlsx")
def dashboard_xlsx() -> ResponseReturnValue:
    """The same numbers as a workbook."""
    board = _board()
    name = f"{board.form.key if board.form else 'requests'}-{board.period.first}-{board.period.last}.xlsx"
    return send_file(dashboard_sheet.written(board), mimetype=XLSX, as_attachment=True, download_name=name)


def _board() -> figures.Dashboard:
    args = request.args
    period = figures.period_of(args.get("since", ""), args.get("from", ""), args.get("to", ""))
    return figures.of(current_person(), args.get("form", ""), period)


def _address(board: figures.Dashboard, form: str | None = None, since: str | None = None) -> str:
    """The dashboard of another form, or of another period."""
    key = form if form is not None else (board.form.key if board.form else "")
    name = since or board.period.name
    period: dict[str, Any] = {"since": name} if name else {"from": board.period.first, "to": board.period.last}
    return url_for("signoff_flows.dashboard", form=key, **period)


def _behind(board: figures.Dashboard, **parts: Any) -> str:
    """The address of the list behind a number."""
    form = parts.pop("form", board.form.key if board.form else None)
    period: dict[str, Any] = {} if parts.pop("now", False) else {"from": board.period.first, "to": board.period.last}
    return url_for("signoff_flows.behind", form=form, **period, **{key: each for key, each in parts.items() if each})


def _charts(board: figures.Dashboard) -> list[dict[str, Any]]:
    """What is drawn: a title, its kind, and a number for each day or week, blank where there is none."""
    sums = [each for _first, _last, each in board.trend]
    drawn: list[tuple[str, str, list[Decimal | int | None], int | None, str]] = [
        (_("Requests"), "bar", [each.requests for each in sums], None, ""),
        (_("First answer within 30 min, %"), "line", [_percent(each.in_time_share) for each in sums], 100,
         "in_time_share"),
        (_("Hours to the end"), "line", [each.hours for each in sums], None, "days_to_end"),
        (_("Satisfied, %"), "line", [_percent(each.content_share) for each in sums], 100, "content_share"),
    ]  # fmt: skip
    if board.money is not None:
        title = _("Money, %(currency)s", currency=board.money.options.get("currency", ""))
        drawn.insert(1, (title, "bar", [each.money for each in sums], None, ""))
    labels = [short_day(first) for first, _last, _sums in board.trend]
    others = {each.reference.measure: each.reference for each in board.against}
    return [
        {"title": title, "type": kind, "labels": labels, "most": most,
         "values": [float(each) if each is not None else None for each in values],
         "reference": _reference(others.get(measure))}
        for title, kind, values, most, measure in drawn
    ]  # fmt: skip


def _reference(reference: Reference | None) -> dict[str, Any] | None:
    """What others reached, in the unit of the drawing: hours where the figure is in days."""
    if reference is None:
        return None
    figure = Decimal(reference.after or reference.before)
    unit = _("d") if reference.unit == "d" else "%"
    hours = 24 if reference.unit == "d" else 1
    return {"value": float(figure * hours), "label": _("others: %(figure)s %(unit)s", figure=figure, unit=unit)}


def _percent(share: Decimal | None) -> Decimal | None:
    return share * 100 if share is not None else None


@bp.get("/dashboard/requests", endpoint="behind")
def behind_number() -> ResponseReturnValue:
    """The requests behind a number of the dashboard."""
    person, args = current_person(), request.args
    asked = _slice()
    page = behind.find(asked, person, after=args.get("after") or None)
    number, capped = behind.count(asked, person)
    kept: dict[str, Any] = {key: each for key, each in args.items() if key != "after"}
    return render_template(
        "signoff/flows/behind.html",
        form=forms.program(asked.form).form if asked.form else None,
        page=page,
        count=number,
        capped=capped,
        work=behind.count_of_work(asked, person),
        asked=asked,
        words=_words(asked),
        next_url=url_for("signoff_flows.behind", **kept, after=page.next) if page.next else None,
        first_url=url_for("signoff_flows.behind", **kept) if args.get("after") else None,
        back=url_for("signoff_flows.dashboard", form=asked.form, **{k: kept[k] for k in ("from", "to") if k in kept}),
    )


def _slice() -> Slice:
    args = request.args
    form = args.get("form", "")
    parts: dict[str, Any] = {name: args.get(name, "")[:140] for name in PARTS}
    if not (args.get("from") or args.get("to")):
        return Slice(form, **parts)
    period = figures.period_of("", args.get("from", ""), args.get("to", ""))
    return Slice(form, period.first, period.last, **parts)


def _words(asked: Slice) -> list[tuple[str, Any]]:
    """What the list is of, as pairs of a kind and what to say of it."""
    found: list[tuple[str, Any]] = []
    field = forms.program(asked.form).form.field(asked.axis) if asked.form else None
    if field is not None:
        found.append(("axis", (field.label, reports.label_of(field, asked.member or None))))
    if asked.step and asked.form:
        found.append(("step", figures.step_title(asked.form, asked.step)))
    found += [(name, getattr(asked, name)) for name in ("ending", "answer", "score", "work", "person", "principal")
              if getattr(asked, name)]  # fmt: skip
    return found
