"""Numbers of records: ``RF-{yyyyMMdd}-{0000}``, counted anew for each period that the pattern names."""

import re
from datetime import datetime, tzinfo

from ..platform.text import Message, msg

MAX_LENGTH = 60
_PART = re.compile(r"\{([^{}]*)\}")
_DATES = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "yyyyMM": "%Y%m", "yyMM": "%y%m", "yyyyMMdd": "%Y%m%d",
          "yyMMdd": "%y%m%d", "MMdd": "%m%d"}  # fmt: skip
_COUNTER = re.compile(r"0{1,12}")


def check_pattern(pattern: str) -> Message | None:
    """What is wrong with a pattern, ``None`` if nothing is."""
    parts = _PART.findall(pattern)
    for part in parts:
        if part not in _DATES and not _COUNTER.fullmatch(part):
            known = ", ".join(f"{{{name}}}" for name in _DATES)
            return msg("“{%(part)s}” is not known in a number. Known: %(known)s, {0000}.", part=part[:30], known=known)
    counters = sum(1 for part in parts if _COUNTER.fullmatch(part))
    if counters != 1:
        return msg("“%(pattern)s” needs its counter once, for example {0000}.", pattern=pattern[:60])
    rest = _PART.sub("", pattern)
    if "{" in rest or "}" in rest:
        return msg("“%(pattern)s” has a brace without its other one.", pattern=pattern[:60])
    if len(pattern) > MAX_LENGTH or not rest.isprintable():
        return msg("The pattern is longer than %(max)s characters, or not printable.", max=MAX_LENGTH)
    return None


def period_key(pattern: str, form: str, now: datetime, zone: tzinfo) -> str:
    """The key of the sequence that counts now: ``refund:RF-20260301-#``."""
    return f"{form}:{_filled(pattern, now, zone, '#')}"


def format_number(pattern: str, now: datetime, zone: tzinfo, sequence: int) -> str:
    """The number: ``RF-20260301-0017``; a counter that outgrows its zeros is simply longer."""
    width = next(len(part) for part in _PART.findall(pattern) if _COUNTER.fullmatch(part))
    return _filled(pattern, now, zone, f"{sequence:0{width}d}")


def _filled(pattern: str, now: datetime, zone: tzinfo, counter: str) -> str:
    local = now.astimezone(zone)

    def part(found: re.Match[str]) -> str:
        if found[1] in _DATES:
            return local.strftime(_DATES[found[1]])
        return counter

    return _PART.sub(part, pattern)
