"""A request on paper: the page that is printed, and the same as PDF where weasyprint is installed (extra ``pdf``)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache, partial
from typing import Any

from flask import render_template, request
from markupsafe import Markup

from ..platform import clock, files
from ..platform.errors import Unavailable
from ..platform.people.directory import Person
from ..platform.text import msg
from . import following, task_page
from .following import FollowPage
from .timeline import MomentView

DECISIONS = ("task.decided", "step.auto")
_PICTURE = re.compile(r"/files/([0-9a-f]{32})/thumbnail$")


@dataclass(frozen=True)
class Print:
    """A request as one person may see it, at a moment."""

    page: FollowPage
    at: datetime

    @property
    def fields(self) -> Markup:
        """The request, to be read, also while it is being corrected."""
        form = self.page.form
        rights = {each.key: "hidden" if each.key in self.page.hidden else "read" for each in form.form.fields}
        return task_page.drawn(form, self.page.record, self.page.person, rights)

    @cached_property
    def decisions(self) -> Sequence[MomentView]:
        """Who decided what, in order."""
        return [each for each in self.page.moments if each.entry.event in DECISIONS]

    @property
    def proof(self) -> str:
        """The hash of the last entry of the history: with it anybody can check that this paper tells all of it."""
        return self.page.moments[-1].entry.hash if self.page.moments else ""


def of(record_id: int, person: Person) -> Print:
    """
    Raises:
        NotFound: there is no such request, or not for this person.
    """
    return Print(following.of(record_id, person), clock.now())


def html(printed: Print, *, paper: bool = False) -> str:
    """The page; ``paper``: without what only makes sense on a screen."""
    return render_template("signoff/flows/print.html", printed=printed, page=printed.page, paper=paper, pdf=has_pdf())


@lru_cache(maxsize=1)
def has_pdf() -> bool:
    """Whether weasyprint and the libraries that it needs are there."""
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError):  # the second: a shared library is missing
        return False
    return True


def pdf(printed: Print) -> bytes:
    """The page as PDF, with the small pictures of its files; nothing else is fetched for it, and nothing from outside.

    Raises:
        Unavailable: weasyprint is not installed.
    """
    if not has_pdf():
        raise Unavailable(
            msg("PDF needs weasyprint: install signoff[pdf] and the pango library, or print the page from the browser.")
        )
    import weasyprint

    fetch = partial(_picture, printed.page.person)
    document = weasyprint.HTML(string=html(printed, paper=True), base_url=request.url_root, url_fetcher=fetch)
    written: bytes = document.write_pdf()
    return written


def _picture(person: Person, url: str, *_args: Any, **_options: Any) -> dict[str, Any]:
    """What the library shows instead of fetching ``url``: a small picture of a file that ``person`` may read."""
    found = _PICTURE.search(url)
    stored = files.get_for(found.group(1), person) if found is not None else None
    if stored is None or not stored.has_thumbnail:
        raise ValueError(f"nothing is fetched for a PDF: {url[:80]}")
    with files.storage().open(stored.thumbnail) as content:
        return {"string": content.read(), "mime_type": "image/webp"}
