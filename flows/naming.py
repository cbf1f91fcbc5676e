"""How people, departments, steps and branches are called in sentences, in English and Chinese."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..forms.definition import Form
from ..platform.people.directory import Directory
from ..platform.text import local
from .definition import Flow, Step
from .run import START

Phrase = Mapping[str, str]
"""One sentence in both languages, with ``{places}`` to fill."""


def language_of(language: str) -> str:
    """Of the two that sentences are written in, the one for ``zh_CN``, ``en`` …"""
    return "zh" if language.startswith("zh") else "en"


class Names:
    """How people, departments, steps and branches are called in one language; a key that is not known stays a key."""

    def __init__(self, people: Directory | None, flow: Flow | None, language: str, form: Form | None = None) -> None:
        self.people = people
        self.language = language
        self.form = form
        self._steps: dict[str, Step] = {step.id: step for step in flow.walk()} if flow is not None else {}

    def person(self, key: Any) -> str:
        found = self.people.person(str(key)) if self.people is not None and key is not None else None
        if found is not None:
            return found.name
        return str(key) if key else {"en": "the customer", "zh": "客户"}[self.language]

    def department(self, key: Any) -> str:
        found = self.people.departments.get(str(key)) if self.people is not None else None
        return local(found.name, self.language) if found else str(key or "—")

    def role(self, key: Any) -> str:
        return local(self.people.role(str(key)), self.language) if self.people is not None else str(key)

    def step(self, key: Any) -> str:
        found = self._steps.get(str(key))
        if str(key) == START:
            return {"en": "the submitter", "zh": "申请人"}[self.language]
        return (local(found.title, self.language) if found else "") or str(key)

    def principal(self, principal: str) -> str:
        """``p:amy`` or ``r:finance@service`` as people say it."""
        sort, _, rest = principal.partition(":")
        if sort == "p":
            return self.person(rest)
        key, _, department = rest.partition("@")
        role = self.role(key)
        return f"{role} ({self.department(department)})" if department else role

    def fact(self, key: str, value: str) -> str:
        """``Refund amount 733.00``, ``State of the goods Not shipped``: what a branch was chosen for."""
        field = self.form.field(key) if self.form is not None else None
        if field is None:
            return f"{key} {value}"
        choices = {str(each["value"]): each["label"] for each in field.options.get("options", ())}
        return f"{local(field.label, self.language)} {local(choices.get(value, value), self.language)}"

    def listed(self, names: Sequence[str]) -> str:
        return ("、" if self.language == "zh" else ", ").join(names)

    def branch(self, step: Any, key: Any) -> str:
        found = self._steps.get(str(step))
        branches = found.branches if found else ()
        title = next((each.title for each in branches if each.id == key), "")
        return local(title, self.language) or str(key)


class Filling(dict[str, str]):
    """What a sentence of an older version does not know is left as a dash."""

    def __missing__(self, key: str) -> str:
        return "—"
