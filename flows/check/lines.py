"""Ordered values cut into points and the stretches between them: numbers, money, dates, times."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any

# Wide enough that a money field of 28 digits can be cut at its minor unit without rounding.
_EXACT = Context(prec=80)
MAX_SPOKEN = 4  # decimals that a number in a sentence may have
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Values that lie between two cuts, or one cut alone. ``value`` is one of them.

    ``low`` and ``high`` are its ends, ``None`` where it has none; they belong to it unless it is ``open``, as a
    stretch of a line without a smallest step is.
    """

    value: Any
    low: Any = None
    high: Any = None
    open: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """How one kind of value lies on a line: ``place`` maps a value to a number, ``value`` back.

    ``unit`` is the distance of neighbours, ``None`` if there is always another value between two; ``stride`` is how
    far from a cut an example is best taken. On a ``fine`` line neighbours are too close to be spoken of: stretches are
    told by the cuts around them.
    """

    place: Callable[[Any], Decimal]
    value: Callable[[Decimal], Any]
    unit: Decimal | None
    stride: Decimal = Decimal(1)
    low: Decimal | None = None
    high: Decimal | None = None
    origin: Decimal = Decimal(0)
    fine: bool = False

    def narrowed(self, low: Any, high: Any) -> "Line":
        """The part from ``low`` to ``high``, both of it; ``None`` leaves an end as it is."""
        lows = [end for end in (self.low, None if low is None else self.place(low)) if end is not None]
        highs = [end for end in (self.high, None if high is None else self.place(high)) if end is not None]
        return replace(self, low=max(lows, default=None), high=min(highs, default=None))

    def cut(self, values: Iterable[Any]) -> tuple[Stretch, ...]:
        """The line in order, cut at ``values``; a cut between two neighbours makes no point of its own."""
        places = {self.place(value) for value in values} | {end for end in (self.low, self.high) if end is not None}
        cuts = sorted(place for place in places if self._holds(place))
        if not cuts:
            return self._whole()
        found: list[Stretch | None] = []
        if self.low is None:
            found.append(self._between(None, cuts[0]))
        for number, cut in enumerate(cuts):
            found.append(self._point(cut))
            if number + 1 < len(cuts):
                found.append(self._between(cut, cuts[number + 1]))
        if self.high is None:
            found.append(self._between(cuts[-1], None))
        return tuple(each for each in found if each is not None)

    def _holds(self, place: Decimal) -> bool:
        return (self.low is None or place >= self.low) and (self.high is None or place <= self.high)

    def _whole(self) -> tuple[Stretch, ...]:
        if self.low is not None and self.high is not None:  # low > high: the form allows nothing
            return ()
        return (Stretch(self.value(self.origin + self.stride)),)

    def _point(self, place: Decimal) -> Stretch | None:
        if self.unit is not None and _EXACT.remainder(place, self.unit):
            return None
        value = self.value(place)
        return Stretch(value, value, value)

    def _between(self, low: Decimal | None, high: Decimal | None) -> Stretch | None:
        if self.unit is None:
            return self._open(low, high)
        first = None if low is None else self._above(low, self.unit)
        last = None if high is None else self._below(high, self.unit)
        if first is not None and last is not None and first > last:
            return None
        if self.fine:
            return self._open(low, high)
        try:
            return Stretch(
                self.value(self._inside(low, first, high, last)),
                None if first is None else self.value(first),
                None if last is None else self.value(last),
            )
        except (OverflowError, ValueError):  # before the first day there is, or after the last
            return None

    def _inside(
        self, low: Decimal | None, first: Decimal | None, high: Decimal | None, last: Decimal | None
    ) -> Decimal:
        """A value of the grid in a stretch, one stride off the cut where there is room."""
        if low is not None and first is not None:
            place = self._on_grid(low + self.stride)
            return place if place >= first and (last is None or place <= last) else first
        assert high is not None
        assert last is not None
        place = self._on_grid(high - self.stride)
        return place if place <= last else last

    def _open(self, low: Decimal | None, high: Decimal | None) -> Stretch:
        if low is None:
            assert high is not None
            inside = _EXACT.subtract(high, self.stride)
        elif high is None or high - low > self.stride:
            inside = _EXACT.add(low, self.stride)
        else:
            half = _EXACT.divide(_EXACT.add(low, high), Decimal(2))
            inside = half if self.unit is None else max(self._on_grid(half), self._above(low, self.unit))
        return Stretch(
            self.value(inside),
            None if low is None else self.value(low),
            None if high is None else self.value(high),
            open=True,
        )

    def _above(self, place: Decimal, unit: Decimal) -> Decimal:
        steps = _EXACT.divide(place, unit).to_integral_value(ROUND_FLOOR)
        return _EXACT.multiply(_EXACT.add(steps, Decimal(1)), unit)

    def _below(self, place: Decimal, unit: Decimal) -> Decimal:
        steps = _EXACT.divide(place, unit).to_integral_value(ROUND_CEILING)
        return _EXACT.multiply(_EXACT.subtract(steps, Decimal(1)), unit)

    def _on_grid(self, place: Decimal) -> Decimal:
        if self.unit is None:
            return place
        steps = _EXACT.divide(place, self.unit).to_integral_value(ROUND_FLOOR)
        return _EXACT.multiply(steps, self.unit)


def integers() -> Line:
    return Line(Decimal, int, Decimal(1))


def numbers(digits: int | None) -> Line:
    """Decimals with that many places after the point; ``None``: any number of them."""
    if digits is None:
        return Line(Decimal, lambda place: place, None)
    unit = Decimal(1).scaleb(-digits)
    if digits > MAX_SPOKEN:
        return Line(Decimal, lambda place: place, unit, fine=True)
    return Line(Decimal, lambda place: place.quantize(unit, context=_EXACT), unit, stride=unit)


def dates() -> Line:
    return Line(
        lambda value: Decimal(value.toordinal()),
        lambda place: date.fromordinal(int(place)),
        Decimal(1),
        origin=Decimal(_EPOCH.toordinal()),
    )


def datetimes() -> Line:
    return Line(
        lambda value: Decimal((value - _EPOCH) // _MICROSECOND),
        lambda place: _EPOCH + int(place) * _MICROSECOND,
        Decimal(1),
        stride=Decimal(1_000_000),
        fine=True,
    )


def times() -> Line:
    return Line(
        _microseconds,
        lambda place: (datetime.min.replace(tzinfo=UTC) + int(place) * _MICROSECOND).time(),
        Decimal(1),
        stride=Decimal(60_000_000),
        fine=True,
        low=Decimal(0),
        high=_microseconds(time.max),
    )


def _microseconds(value: time) -> Decimal:
    return Decimal(((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond)
