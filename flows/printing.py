"""A request on paper: the page that is printed, and the same as PDF where weasyprint is installed (extra ``pdf``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from flask import render_template
from markupsafe import Markup

from ..platform import clock
from ..platform.errors import Unavailable
from ..platform.people.directory import Person
from ..platform.text import msg
from . import following, task_page
from .following import FollowPage
from .timeline import MomentView

DECISIONS = ("task.decided", "step.auto")


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
    """The page as PDF; nothing is fetched for it from anywhere.

    Raises:
        Unavailable: weasyprint is not installed.
    """
    if not has_pdf():
        raise Unavailable(
            msg("PDF needs weasyprint: install signoff[pdf] and the pango library, or print the page from the browser.")
        )
    import weasyprint

    document = weasyprint.HTML(string=html(printed, paper=True), url_fetcher=_fetch_nothing)
    written: bytes = document.write_pdf()
    return written


def _fetch_nothing(url: str, *_args: Any, **_options: Any) -> Any:
    raise ValueError(f"nothing is fetched for a PDF: {url[:80]}")
