"""Pages call roles, fields and choices by their names, not by their keys."""

from signoff.flows import words
from signoff.flows.effects import Reason
from signoff.flows.naming import Names
from signoff.forms.schema import read_form
from signoff.platform.people import service as people
from signoff.platform.people.directory import Directory, Person

from ..conftest import definition

PEOPLE = Directory.of(
    [Person("ann", "Ann", roles=frozenset({"quality"}))], role_names={"quality": {"en": "Quality check", "zh": "质检"}}
)


def test_a_pool_is_called_by_the_name_of_its_role() -> None:
    assert Names(PEOPLE, None, "zh").principal("r:quality") == "质检"
    assert Names(PEOPLE, None, "en").principal("r:night_shift") == "night_shift"


def test_why_somebody_is_asked_names_the_role() -> None:
    assert words.why([Reason("role", {"role": "quality"})], PEOPLE, "zh") == "作为角色“质检”的成员处理。"


def test_what_a_branch_was_chosen_for_is_said_in_the_words_of_the_form() -> None:
    form, problems = read_form(definition("refund.form"))
    assert not problems
    reason = Reason("branch", {"step": "level", "branch": "medium", "facts": {"amount": "733.00", "path": "return"}})
    said = words.why([reason], PEOPLE, "zh", form=form)
    assert said == "level：medium（退款金额 733.00，退款路径 退货退款）。"


def test_the_pack_names_its_roles_on_the_pages(company: object) -> None:
    assert people.directory().role("quality") == {"en": "Quality check", "zh": "质检"}
