"""The field types that come with Signoff, one subject a module."""

from ..types import FieldType, register
from .address import Address
from .choices import Boolean, Choice, Choices
from .files import File, Image, Signature
from .lookups import Lookup
from .moments import Date, DateTime, Time
from .note import Note
from .numbers import Integer, Money, Number, Percent, Rating
from .people import Department, Person
from .tables import Table
from .texts import Email, LongText, Phone, Text, Url

BUILT_IN: tuple[type[FieldType], ...] = (
    Text, LongText, Number, Integer, Money, Percent, Date, DateTime, Time, Choice, Choices, Boolean, Email, Phone, Url,
    File, Image, Signature, Table, Lookup, Person, Department, Address, Rating, Note,
)  # fmt: skip


def register_all() -> None:
    """Put all of them into the register."""
    for each in BUILT_IN:
        register(each)
