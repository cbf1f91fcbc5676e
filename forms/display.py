"""Values as people read them on a page and in a list: labels, money, dates, links to records, names of files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from typing import Any

from flask import url_for
from markupsafe import Markup, escape

from ..platform.files import StoredFile
from ..platform.people.service import directory
from ..platform.text import local
from ..platform.web import filters
from .definition import Field
from .kinds import DEPARTMENT, PERSON
from .stencils import macros
from .types import find, kind_of

NOTHING = Markup('<span class="nothing">—</span>')


_money = lru_cache(maxsize=4096)(filters.money)  # the same few prices stand in all rows and lists


@dataclass
class Reader:
    """For whom values are written out, and the files that they name, loaded together."""

    language: str
    zone: tzinfo
    files: Mapping[str, StoredFile] = field(default_factory=dict)
    linked: bool = True

    def show(self, one: Field, value: Any, link: Mapping[str, Any] | None = None) -> Markup:
        """A typed value as HTML; a dash where it is blank."""
        if value is None or value == "" or value == ():
            return NOTHING
        if one.type == "lookup":
            return self._record(value, link)
        if one.type == "signature":
            return self._signature(value)
        if kind_of(one).base == "files":
            return self._files(value)
        if one.type == "datetime":
            return filters.when(value, "full")
        if one.type == "url":
            return Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>').format(value)
        if one.type == "email":
            return Markup('<a href="mailto:{0}">{0}</a>').format(value)
        if one.type == "phone":
            return Markup('<a href="tel:{}">{}</a>').format(
                "".join(each for each in value if each in "+0123456789"), value
            )
        return escape(self.text(one, value))

    def text(self, one: Field, value: Any, link: Mapping[str, Any] | None = None) -> str:
        """The same without HTML."""
        if value is None:
            return ""
        match one.type:
            case "money":
                return _money(value, one.options["currency"])
            case "number" | "integer":
                unit = local(one.options.get("unit"), self.language)
                return f"{filters.decimal(value)} {unit}".strip()
            case "date":
                return filters.day(value)
            case "lookup":
                return str(link["title"]) if link else f"#{value}"
        target = kind_of(one).target
        if target == PERSON:
            person = directory().person(value)
            return person.name if person else str(value)
        if target == DEPARTMENT:
            department = directory().departments.get(value)
            return local(department.name, self.language) if department else str(value)
        return find(one.type).text(value, one, self.language, self.zone)

    def _record(self, value: int, link: Mapping[str, Any] | None) -> Markup:
        title = link["title"] if link else f"#{value}"
        if not self.linked:
            return escape(title)
        return Markup('<a href="{}">{}</a>').format(url_for("signoff_forms.record", record_id=value), title)

    def _files(self, ids: Sequence[str]) -> Markup:
        shown = Markup("").join(self._file(self.files[each]) for each in ids if each in self.files)
        return Markup('<ul class="upload-files">{}</ul>').format(shown)

    def _signature(self, ids: Sequence[str]) -> Markup:
        """The picture itself: who decides looks at it."""
        stored = self.files.get(ids[0])
        if stored is None or not stored.has_thumbnail:
            return self._files(ids)
        picture = url_for("signoff_files.thumbnail", file_id=stored.id)
        url = url_for("signoff_files.download", file_id=stored.id)
        return Markup('<a href="{}"><img class="signed" src="{}" alt="{}" loading="lazy"></a>').format(
            url, picture, stored.name
        )

    def _file(self, stored: StoredFile) -> Markup:
        return file_line(stored, name=None)


def file_line(stored: StoredFile, *, name: str | None, removable: bool = False) -> Markup:
    """One attached file; ``name`` is that of its hidden input where the form is edited."""
    thumbnail = url_for("signoff_files.thumbnail", file_id=stored.id) if stored.has_thumbnail else ""
    url = url_for("signoff_files.download", file_id=stored.id)
    line: Markup = macros().file(stored, url, thumbnail, name, removable)
    return line
