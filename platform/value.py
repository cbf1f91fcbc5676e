"""Immutable values that are made by the thousand."""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def value(cls: type[T]) -> type[T]:
    """A slotted dataclass, hashable by its fields; frozen to the type checker alone.

    ``dataclass(frozen=True)`` sets every field through ``object.__setattr__``, which makes a value of ten fields take
    2.5 µs instead of 0.5: in the engine that was half of all time. Nothing may set a field of one, and mypy sees to it.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
