"""How values read on a page: texts in the person's language, times in their zone and in words, money with its sign."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import get_currency_precision, get_currency_symbol
from flask import Flask, has_request_context
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from .. import clock
from ..text import LocalText, local
from .language import LOCALES, language, say
from .language import gettext as _
from .place import signoff

MINUTE, HOUR, DAY = 60, 3600, 86400
_NUMBER = re.compile(r"\b[A-Z]{1,8}(?:-\d{4,})+")
SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "HKD": "HK$"}


def init_app(app: Flask) -> None:
    """Make the filters known to templates."""
    app.jinja_env.filters.update(
        local=_spoken(local_text),
        say=_spoken(say),
        when=_spoken(when),
        day=_spoken(day),
        duration=_spoken(duration),
        money=money,
        decimal=decimal,
        anchor=anchor,
        file_size=file_size,
        initial=initial,
        hue=hue,
        unbroken=unbroken,
    )


def _spoken(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """Keep Jinja from working a filter out when it compiles: what it says depends on who reads."""

    @pass_context
    def at_each_reading(_context: Context, *args: Any, **kwargs: Any) -> Any:
        return filter_(*args, **kwargs)

    return at_each_reading


def local_text(text: LocalText | None) -> str:
    """Text of a definition in the current language."""
    return local(text, language()) if isinstance(text, Mapping) else say(text or "")


def zone() -> ZoneInfo:
    """The person's time zone, else the installation's."""
    if has_request_context():
        from ..people.current import current_zone

        return current_zone()
    found: ZoneInfo = signoff().config.zone
    return found


def when(value: datetime | None, style: str = "words") -> Markup:
    """A moment as ``<time>``: ``words`` (“5 min ago”, “today 14:05”), ``full`` (date and time) or ``clock``."""
    if value is None:
        return Markup("")
    here = value.astimezone(zone())
    full = f"{_date(here.date(), with_year=True)} {here:%H:%M}"
    if style == "full":
        text = full
    elif style == "clock":
        text = f"{here:%H:%M}"
    else:
        text = moment_words(value, clock.now(), here.tzinfo or UTC)
    machine = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    # put together by hand: a page has dozens, and formatting markup costs ten times as much
    return Markup(f'<time datetime="{machine}" title="{escape(full)}">{escape(text)}</time>')  # noqa: S704 - escaped


def moment_words(value: datetime, now: datetime, where: Any) -> str:
    """How people say the moment ``value`` at ``now``: near ones by distance, others by the day."""
    seconds = (value - now).total_seconds()
    if abs(seconds) < MINUTE:
        return _("just now") if seconds <= 0 else _("in a moment")
    if abs(seconds) < HOUR:
        minutes = round(abs(seconds) / MINUTE)
        return _("%(n)s min ago", n=minutes) if seconds < 0 else _("in %(n)s min", n=minutes)
    here, today = value.astimezone(where), now.astimezone(where).date()
    at = f"{here:%H:%M}"
    distance = (here.date() - today).days
    if distance == -1:
        return _("yesterday %(time)s", time=at)
    if distance == 0:
        return _("today %(time)s", time=at)
    if distance == 1:
        return _("tomorrow %(time)s", time=at)
    if here.year == today.year:
        return f"{_date(here.date(), with_year=False)} {at}"
    return _date(here.date(), with_year=True)


def day(value: date | None) -> str:
    """A date with its year."""
    return _date(value, with_year=True) if value is not None else ""


def short_day(value: date) -> str:
    """A date without its year, for what stands in a row of dates."""
    return _date(value, with_year=False)


def _date(value: date, *, with_year: bool) -> str:
    return _written_date(value, with_year, language())


@lru_cache(maxsize=2048)
def _written_date(value: date, with_year: bool, language: str) -> str:
    pattern = {
        ("en", True): "d MMM yyyy",
        ("en", False): "d MMM",
        ("zh", True): "yyyy年M月d日",
        ("zh", False): "M月d日",
    }[language, with_year]
    return str(format_date(value, pattern, locale=LOCALES[language]))


def money(value: Decimal | str | None, currency: str = "") -> str:
    """An amount with thousands separated, the currency's digits and its sign: ``¥4,999.99``."""
    amount = _decimal(value)
    if amount is None:
        return "" if value is None else str(value)
    digits = max(get_currency_precision(currency or "CNY"), -_exponent(amount.normalize()))
    sign = sign_of(currency) if currency else ""
    minus = "−" if amount < 0 else ""
    return f"{minus}{sign}{abs(amount):,.{digits}f}"


@lru_cache(maxsize=256)
def sign_of(currency: str) -> str:
    """What stands before an amount: ``¥``, or the code and a space."""
    symbol = SIGNS.get(currency) or str(get_currency_symbol(currency, locale="en"))
    return symbol if len(symbol) < 4 and symbol != currency else currency + "\u00a0"


def decimal(value: Decimal | int | str | None) -> str:
    """A number with thousands separated and its own digits."""
    number = _decimal(value)
    if number is None:
        return "" if value is None else str(value)
    return f"{number:,f}".replace("-", "−")


def _decimal(value: Decimal | int | str | None) -> Decimal | None:
    try:
        number = Decimal(value) if value is not None and value != "" else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def duration(value: timedelta | int | float | None) -> str:
    """A length of time in its two largest units: ``2 d 3 h``; a number is seconds."""
    if value is None:
        return ""
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else value)
    minutes = abs(seconds) // MINUTE
    if minutes == 0:
        return _("under 1 min")
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [
        text
        for amount, text in (
            (days, _("%(n)s d", n=days)),
            (hours, _("%(n)s h", n=hours)),
            (rest, _("%(n)s min", n=rest)),
        )
        if amount
    ]
    return " ".join(parts[:2])


def anchor(path: str) -> str:
    """The id of the input at a problem's path: ``/values/lines/0/quantity`` is ``f-lines-0-quantity``."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]
    if parts and parts[0] == "values":
        parts = parts[1:]
    return "-".join(["f", *parts])


def file_size(size_bytes: int) -> str:
    """Bytes as people read them, counted in 1,024s as limits are: ``1.4 MB``."""
    if size_bytes < 1024:
        return f"{size_bytes} B"
    if size_bytes < 1024**2:
        return f"{size_bytes / 1024:.0f} kB"
    return f"{size_bytes / 1024**2:.1f}".removesuffix(".0") + " MB"


def unbroken(text: str) -> Markup:
    """``text`` whose numbers (``RF-20260302-0001``) do not break at their hyphens."""
    return Markup(_NUMBER.sub(r'<span class="text-nowrap">\g<0></span>', str(escape(text))))  # noqa: S704 - escaped


def initial(name: str) -> str:
    """The letter in somebody's round: the first, or the last sign of a Chinese name."""
    name = name.strip()
    if not name:
        return "?"
    return name[-1] if "\u4e00" <= name[-1] <= "\u9fff" else name[0].upper()


def hue(name: str) -> int:
    """One of six colours, always the same for a name."""
    return sum(map(ord, name)) % 6
