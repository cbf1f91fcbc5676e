"""Reference figures: what others say they reached, to be read beside one's own. They are claims, not promises."""

from dataclasses import dataclass

from ..platform.text import LocalText

MEASURES = ("days_to_end", "content_share", "unhappy_share", "in_time_share", "share_of")


@dataclass(frozen=True, slots=True)
class Reference:
    """``before`` and ``after`` are in days, or in percent; ``after`` is empty where only one figure is known.

    ``measure`` is one of :data:`MEASURES`; ``share_of`` compares the requests with the records of the form ``of``.
    """

    form: str
    measure: str
    label: LocalText
    before: str
    after: str = ""
    of: str = ""

    @property
    def unit(self) -> str:
        return "d" if self.measure == "days_to_end" else "%"


_references: dict[tuple[str, str], Reference] = {}


def register(reference: Reference) -> None:
    """Show a reference figure on the dashboard of its form; the last one of a measure holds."""
    _references[reference.form, reference.measure] = reference


def of_form(form: str) -> list[Reference]:
    """In the order in which they were registered."""
    return [each for each in _references.values() if each.form == form]
