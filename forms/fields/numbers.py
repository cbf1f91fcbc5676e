"""Types whose value is a number."""

from collections.abc import Mapping
from datetime import tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, ClassVar

from babel.numbers import get_currency_precision

from ...platform.problems import Problem
from ...platform.text import Message, msg
from ..definition import Field
from ..errors import FieldError
from ..kinds import Base, Kind
from ..numerals import MAX_DECIMALS, MAX_INTEGER_DIGITS, places_of, read_decimal, read_whole, write_decimal
from ..reading import ReadContext
from ..types import FieldType, OptionFields, Read
from .options import Currency, DecimalText, Local, Whole

_LIMIT = Decimal(10) ** MAX_INTEGER_DIGITS

_MIN = {"doc": "The least value."}
_MAX = {"doc": "The greatest value."}
_UNIT = {"doc": "Shown behind the number, for example “kg”."}
_DECIMALS = {"doc": "The most decimals that may be entered; 10."}


def bounds_problem(field: Field) -> list[Problem]:
    """A ``min`` above ``max`` lets no value through."""
    least, most = field.options.get("min"), field.options.get("max")
    if least is None or most is None or least <= most:
        return []
    return [Problem("/min", "min_above_max", msg("min %(min)s is above max %(max)s. Swap them.", min=least, max=most))]


def out_of_bounds(value: Any, least: Any, most: Any) -> FieldError:
    """Says which bound is broken."""
    if least is not None and value < least:
        return FieldError(
            msg("%(value)s is too little. At least %(min)s.", value=str(value), min=str(least)), code="min"
        )
    return FieldError(msg("%(value)s is too much. At most %(max)s.", value=str(value), max=str(most)), code="max")


def too_large(value: Decimal) -> FieldError:
    """A result that no number field can keep."""
    return FieldError(
        msg("%(value)s has more than %(max)s digits before the point.", value=f"{value:.6E}", max=MAX_INTEGER_DIGITS),
        code="too_large",
    )


class Numeric(FieldType):
    """What number, money and percent share: decimals with a greatest number of places."""

    value_kind = "number"

    def places(self, options: Mapping[str, Any]) -> int:
        """Decimals that are kept."""
        return int(options.get("decimals", MAX_DECIMALS))

    def too_precise(self, value: Decimal, options: Mapping[str, Any]) -> Message:
        """Says how many decimals there may be."""
        places = self.places(options)
        return msg("%(value)s has more than %(places)s decimals. Round it.", value=write_decimal(value), places=places)

    def check_options(self, field: Field) -> list[Problem]:
        problems = bounds_problem(field)
        for name in ("min", "max"):
            bound = field.options.get(name)
            if bound is not None and places_of(bound) > self.places(field.options):
                problems.append(Problem(f"/{name}", "too_precise", self.too_precise(bound, field.options)))
        return problems

    def kept(self, value: Decimal, options: Mapping[str, Any]) -> Decimal:  # noqa: ARG002
        """The one way in which a value is kept."""
        return value

    def raw_decimal(self, raw: Any) -> Decimal:
        """The number that was entered."""
        return read_decimal(raw)

    def reader(self, field: Field) -> Read:
        options = field.options
        places = self.places(options)
        least, most = options.get("min"), options.get("max")
        enough = -places

        def read(raw: Any, context: ReadContext) -> Decimal:  # noqa: ARG001
            value = self.raw_decimal(raw)
            if value.as_tuple()[2] < enough and places_of(value) > places:  # type: ignore[operator]
                raise FieldError(self.too_precise(value, options), code="too_precise")
            if (least is not None and value < least) or (most is not None and value > most):
                raise out_of_bounds(value, least, most)
            return self.kept(value, options)

        return read

    def fit(self, value: Any, field: Field) -> Any:
        """A result rounded half up to the field's places.

        Raises:
            FieldError: too long, or out of bounds.
        """
        rounded = rounded_to(Decimal(value), self.places(field.options))
        least, most = field.options.get("min"), field.options.get("max")
        if (least is not None and rounded < least) or (most is not None and rounded > most):
            raise out_of_bounds(rounded, least, most)
        return self.kept(rounded.normalize(), field.options)  # 2.50 and 2.5 are shown alike where nobody typed them

    def to_json(self, value: Any) -> Any:
        return None if value is None else format(value, "f")

    def from_json(self, json: Any) -> Any:
        return None if json is None else Decimal(json)

    def text(self, value: Any, field: Field, language: str, zone: tzinfo) -> str:  # noqa: ARG002
        return "" if value is None else write_decimal(value)


def rounded_to(value: Decimal, places: int) -> Decimal:
    """Half up, as business people round.

    Raises:
        FieldError: more digits before the point than any field keeps.
    """
    if not -_LIMIT < value < _LIMIT:
        raise too_large(value)
    if value.as_tuple()[2] < -places:  # type: ignore[operator]
        try:
            value = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        except InvalidOperation as error:
            raise too_large(value) from error
    return value if value else value.copy_abs()


class Number(Numeric):
    """A number with decimals."""

    name = "number"
    label = msg("Decimal number")
    options: ClassVar[OptionFields] = {
        "min": DecimalText(metadata=_MIN),
        "max": DecimalText(metadata=_MAX),
        "decimals": Whole(most=MAX_DECIMALS, load_default=MAX_DECIMALS, metadata=_DECIMALS),
        "unit": Local(metadata=_UNIT),
    }


class Percent(Numeric):
    """A percentage: 12.5 stands for 12.5 %; in formulas write ``rate%`` for the fraction."""

    name = "percent"
    label = msg("Percent")
    options: ClassVar[OptionFields] = {
        "min": DecimalText(metadata=_MIN),
        "max": DecimalText(metadata=_MAX),
        "decimals": Whole(most=MAX_DECIMALS, load_default=MAX_DECIMALS, metadata=_DECIMALS),
    }

    def raw_decimal(self, raw: Any) -> Decimal:
        if raw.__class__ is str and raw.rstrip()[-1:] in ("%", "％"):
            raw = raw.rstrip()[:-1]
        return read_decimal(raw)

    def text(self, value: Any, field: Field, language: str, zone: tzinfo) -> str:  # noqa: ARG002
        return "" if value is None else f"{write_decimal(value)}%"


@lru_cache(maxsize=256)
def minor_units(currency: str) -> int:
    """Decimals of a currency: CNY 2, JPY 0."""
    return get_currency_precision(currency)


class Money(Numeric):
    """An amount of one currency, with the decimals that it has."""

    name = "money"
    label = msg("Money")
    options: ClassVar[OptionFields] = {
        "currency": Currency(load_default="CNY", metadata={"doc": "Three letters of ISO 4217; CNY."}),
        "min": DecimalText(metadata=_MIN),
        "max": DecimalText(metadata=_MAX),
    }

    def places(self, options: Mapping[str, Any]) -> int:
        return minor_units(options["currency"])

    def too_precise(self, value: Decimal, options: Mapping[str, Any]) -> Message:
        places = self.places(options)
        return msg(
            "%(value)s has more decimals than the %(places)s of %(currency)s. Round it, for example to %(rounded)s.",
            value=write_decimal(value),
            currency=options["currency"],
            places=places,
            rounded=write_decimal(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)),
        )

    def kept(self, value: Decimal, options: Mapping[str, Any]) -> Decimal:
        return value.quantize(_UNITS[minor_units(options["currency"])])


_UNITS = [Decimal(1).scaleb(-places) for places in range(MAX_DECIMALS + 1)]


class Integer(FieldType):
    """A whole number."""

    name = "integer"
    label = msg("Whole number")
    value_kind = "number"
    options: ClassVar[OptionFields] = {
        "min": Whole(least=-(10**17), most=10**17, metadata=_MIN),
        "max": Whole(least=-(10**17), most=10**17, metadata=_MAX),
        "unit": Local(metadata=_UNIT),
    }

    def check_options(self, field: Field) -> list[Problem]:
        return bounds_problem(field)

    def kind(self, field: Field) -> Kind:  # noqa: ARG002
        return Kind(Base.NUMBER, whole=True)

    def reader(self, field: Field) -> Read:
        least, most = self.bounds(field)

        def read(raw: Any, context: ReadContext) -> int:  # noqa: ARG001
            value = read_whole(raw)
            if (least is not None and value < least) or (most is not None and value > most):
                raise out_of_bounds(value, least, most)
            return value

        return read

    def bounds(self, field: Field) -> tuple[int | None, int | None]:
        """The least and the greatest value."""
        return field.options.get("min"), field.options.get("max")

    def fit(self, value: Any, field: Field) -> Any:
        """A result rounded half up to a whole number.

        Raises:
            FieldError: too long, or out of bounds.
        """
        whole = int(rounded_to(Decimal(value), 0))
        least, most = self.bounds(field)
        if (least is not None and whole < least) or (most is not None and whole > most):
            raise out_of_bounds(whole, least, most)
        return whole

    def from_json(self, json: Any) -> Any:
        return None if json is None else int(json)


class Rating(Integer):
    """Stars: a whole number from 1."""

    name = "rating"
    label = msg("Rating")
    options: ClassVar[OptionFields] = {
        "max": Whole(least=2, most=10, load_default=5, metadata={"doc": "How many stars there are; 5."}),
    }

    def check_options(self, field: Field) -> list[Problem]:  # noqa: ARG002
        return []

    def bounds(self, field: Field) -> tuple[int | None, int | None]:
        return 1, field.options["max"]

    def text(self, value: Any, field: Field, language: str, zone: tzinfo) -> str:  # noqa: ARG002
        return "" if value is None else f"{value}/{field.options['max']}"
