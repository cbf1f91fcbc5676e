"""Numbers as people and programs write them, read strictly: digits, a sign, one decimal point, and nothing else."""

import re
from decimal import Decimal
from typing import Any

from ..platform.text import Message, msg
from .errors import FieldError

MAX_INTEGER_DIGITS = 18
MAX_DECIMALS = 10

_PLAIN = re.compile(r"[+-]?(?:0*([0-9]{1,18})(?:\.[0-9]{0,10})?|\.[0-9]{1,10})")
_SHAPE = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_WHOLE = re.compile(r"[+-]?0*[0-9]{1,18}")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．＋－", "0123456789.+-")


class NumeralError(FieldError):
    """Not a number; the message says why and what to write."""


def read_decimal(raw: Any) -> Decimal:
    """A decimal from a text of digits or a whole number; full-width digits count as digits.

    Raises:
        NumeralError: a float (it has lost digits already), an exponent, separators, too many digits, no number.
    """
    if raw.__class__ is str:
        text = raw.strip()
        if not text.isascii():
            text = text.translate(_FULL_WIDTH)
        if _PLAIN.fullmatch(text):
            value = Decimal(text)
            return value if value else value.copy_abs()
        raise NumeralError(_why_not(text))
    if raw.__class__ is int:
        if -(10**MAX_INTEGER_DIGITS) < raw < 10**MAX_INTEGER_DIGITS:
            return Decimal(raw)
        raise NumeralError(_too_long())
    raise NumeralError(_wrong_type(raw))


def read_whole(raw: Any) -> int:
    """A whole number; ``"5.0"`` is refused like ``"5.7"``.

    Raises:
        NumeralError: as :func:`read_decimal`, or there is a decimal point.
    """
    if raw.__class__ is int and -(10**MAX_INTEGER_DIGITS) < raw < 10**MAX_INTEGER_DIGITS:
        return int(raw)
    if raw.__class__ is str:
        text = raw.strip()
        if not text.isascii():
            text = text.translate(_FULL_WIDTH)
        if _WHOLE.fullmatch(text):
            return int(text)
    if isinstance(raw, float | Decimal):
        raise NumeralError(msg("%(value)s is no whole number. Enter it without decimals.", value=str(raw)))
    value = read_decimal(raw)
    raise NumeralError(msg("%(value)s is no whole number. Enter it without decimals.", value=format(value, "f")))


def places_of(value: Decimal) -> int:
    """Decimals that are written, trailing zeros not counted."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= 0:
        return 0
    exponent = value.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def write_decimal(value: Decimal) -> str:
    """The digits, never with an exponent."""
    return format(value, "f")


def _too_long() -> Message:
    return msg("A number has at most %(max)s digits before the point.", max=MAX_INTEGER_DIGITS)


def _wrong_type(raw: Any) -> Message:
    if isinstance(raw, float | Decimal):
        return msg('%(value)s came as a float, which loses digits. Send a text: "%(value)s".', value=str(raw))
    return msg("%(value)s is no number. Enter digits, for example 1000.50.", value=_shown(raw))


def _why_not(text: str) -> Message:
    if not text:
        return msg("Enter a number, for example 1000.50.")
    if _SHAPE.fullmatch(text):
        whole, _, _decimals = text.lstrip("+-").partition(".")
        if len(whole.lstrip("0")) > MAX_INTEGER_DIGITS:
            return _too_long()
        return msg("%(value)s has more than %(max)s decimals.", value=_shown(text), max=MAX_DECIMALS)
    if re.fullmatch(r"[+-]?[0-9.]+[eE][+-]?[0-9]+", text):
        return msg("%(value)s has an exponent. Write all digits out.", value=_shown(text))
    if re.fullmatch(r"[+-]?[0-9.,' _，]+", text):
        plain = re.sub(r"[,' _，]", "", text)
        return msg(
            "%(value)s has separators in it. Write it without them: %(plain)s.", value=_shown(text), plain=_shown(plain)
        )
    return msg("%(value)s is no number. Enter digits, for example 1000.50.", value=_shown(text))


def _shown(raw: Any) -> str:
    text = raw if isinstance(raw, str) else repr(raw)
    return f"“{text[:40]}…”" if len(text) > 40 else f"“{text}”"
