"""The forms of the pages about people; the services decide what is allowed, these only read what was typed."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    Field,
    PasswordField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import AnyOf, EqualTo, InputRequired, Length, Optional, Regexp

from ..keys import KEY
from ..problems import Problem
from ..text import LANGUAGES
from .directory import Delegation
from .entry import EMAIL, read_amount

_FIELDS = {"from_at": "from_on", "until_at": "until_on"}
"""The pages ask for days where the services know moments."""

THEMES = ("light", "dark")


class PageForm(FlaskForm):  # type: ignore[misc]
    """A form that can also show what a service found wrong."""

    def add_problems(self, problems: tuple[Problem, ...]) -> None:
        """Put each problem at the field that its path names; what names none stands at the first field."""
        fields: list[Field] = list(self)
        for problem in problems:
            name = problem.path.strip("/").partition("/")[0]
            name = _FIELDS.get(name, name)
            field = next((each for each in fields if each.short_name == name), fields[0])
            field.errors = [*field.errors, problem.message]


class SignInForm(PageForm):
    name = StringField(_l("Name or e-mail"), [InputRequired(_l("Enter your name or e-mail.")), Length(max=254)])
    password = PasswordField(_l("Password"), [InputRequired(_l("Enter your password.")), Length(max=200)])


class PreferencesForm(PageForm):
    language = StringField(_l("Language"), [Optional(), AnyOf(LANGUAGES)])
    zone = StringField(_l("Time zone"), [Optional(), Length(max=64)])
    theme = StringField(_l("Appearance"), [Optional(), AnyOf(THEMES)])

    def validate_zone(self, field: Field) -> None:
        if field.data not in available_timezones():
            raise ValidationError(_l("There is no such time zone. Example: Asia/Shanghai."))


class PasswordForm(PageForm):
    current = PasswordField(_l("Password now"), [InputRequired(_l("Enter the password you have now."))])
    password = PasswordField(_l("New password"), [InputRequired(_l("Enter a new password."))])
    again = PasswordField(
        _l("New password again"), [EqualTo("password", _l("The two are not the same. Type the new password again."))]
    )


class NewPasswordForm(PageForm):
    password = PasswordField(_l("New password"), [InputRequired(_l("Enter a new password."))])


class TokenForm(PageForm):
    name = StringField(_l("What it is for"), [InputRequired(_l("Say what the token is for.")), Length(max=120)])
    days = StringField(_l("Days it holds"), [Optional(), Regexp(r"\d{1,4}$", message=_l("Enter a whole number."))])


class DelegationForm(PageForm):
    delegate = StringField(_l("Who stands in"), [InputRequired(_l("Choose who stands in."))])
    from_on = DateField(_l("First day"), [InputRequired(_l("Enter the first day."))])
    until_on = DateField(_l("Last day"), [InputRequired(_l("Enter the last day."))])
    max_amount = StringField(_l("Up to the amount"), [Optional(), Length(max=40)])

    def validate_max_amount(self, field: Field) -> None:
        if read_amount(field.data) is None:
            raise ValidationError(_l("Write digits and a point, as in 5000.00."))

    @classmethod
    def of(cls, delegation: Delegation | None, zone: ZoneInfo) -> "DelegationForm":
        """The form filled with ``delegation``, empty for ``None``."""
        form = cls(formdata=None)
        if delegation is not None:
            form.delegate.data = delegation.delegate
            form.from_on.data = delegation.from_at.astimezone(zone).date()
            # it ends at the midnight after its last day
            form.until_on.data = (delegation.until_at - timedelta(seconds=1)).astimezone(zone).date()
            form.max_amount.data = "" if delegation.max_amount is None else format(delegation.max_amount, "f")
        return form

    def delegation(self, person: str, zone: ZoneInfo) -> Delegation:
        """From the beginning of the first day to the end of the last one in ``zone``."""
        first: date = self.from_on.data
        last: date = self.until_on.data
        amount: Decimal | None = read_amount(self.max_amount.data) if self.max_amount.data else None
        return Delegation(
            person=person,
            delegate=self.delegate.data,
            from_at=datetime.combine(first, time(), zone),
            until_at=datetime.combine(last + timedelta(days=1), time(), zone),
            max_amount=amount,
        )


def _key_field() -> Any:
    shape = Regexp(rf"{KEY.pattern}\Z", message=_l("Use small letters, digits and _, as in amy_chen."))
    return StringField(_l("Key"), [InputRequired(_l("Enter a key.")), shape])


class PersonForm(PageForm):
    key = _key_field()
    name = StringField(_l("Name"), [InputRequired(_l("Enter the name.")), Length(max=120)])
    email = StringField(_l("E-mail"), [Optional(), Length(max=254)])
    department = StringField(_l("Department"), [Optional()])
    manager = StringField(_l("Manager"), [Optional()])
    roles = SelectMultipleField(_l("Roles"), choices=[], validate_choice=False)
    more_roles = StringField(_l("Further roles"), [Optional(), Length(max=500)])
    active = BooleanField(_l("Active: may sign in and is asked"))

    def validate_email(self, field: Field) -> None:
        if not EMAIL.fullmatch(field.data.strip()):
            raise ValidationError(_l("This is no e-mail address. Example: amy@example.com."))

    def validate_more_roles(self, field: Field) -> None:
        if not all(KEY.fullmatch(each) for each in _words(field.data)):
            raise ValidationError(_l("Use small letters, digits and _, separated by commas."))

    def all_roles(self) -> frozenset[str]:
        return frozenset(each for each in [*self.roles.data, *_words(self.more_roles.data)] if KEY.fullmatch(each))


class DepartmentForm(PageForm):
    key = _key_field()
    name_en = StringField(_l("Name in English"), [InputRequired(_l("Enter the name.")), Length(max=120)])
    name_zh = StringField(_l("Name in Chinese"), [Optional(), Length(max=120)])
    parent = StringField(_l("Part of"), [Optional()])
    head = StringField(_l("Head"), [Optional()])
    calendar = StringField(_l("Calendar"), [Optional()])


class ImportForm(PageForm):
    document = TextAreaField(_l("people/1 JSON"))


class HandOverForm(PageForm):
    to = StringField(_l("To whom"), [InputRequired(_l("Choose who takes over."))])
    roles = BooleanField(_l("They also get the roles"))
    leaves = BooleanField(_l("The person leaves: may no longer sign in"))


def _words(text: Any) -> list[str]:
    return str(text or "").replace("，", ",").replace(";", ",").replace(",", " ").split()
