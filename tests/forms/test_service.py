"""Records: filed, changed, found and summed, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.forms import catalogue, drafts, indexes, records, search, service, uniqueness
from signoff.platform import audit, db
from signoff.platform.errors import Conflict, Forbidden, NotFound, Refused, SignoffError
from signoff.platform.people.directory import Person

from ..conftest import definition
from .conftest import person


def product(by: Person, **values: Any) -> records.Record:
    return service.submit("product", {"sku": "A1", "name": "Lantern", "price": "3.39", **values}, by=by)


def order(by: Person, **values: Any) -> records.Record:
    lines = [{"product": "A1", "quantity": 3}]
    start = {"shop_number": "536365", "customer_name": "李娜", "ordered_on": "2026-03-01", "lines": lines}
    return service.submit("sales_order", {**start, **values}, by=by)


def move(by: Person | None, target: int, quantity: int, **values: Any) -> records.Record:
    kind = "purchase" if quantity > 0 else "sale"
    raw = {"kind": kind, "product": target, "quantity": quantity, **values}
    return service.submit("stock_movement", raw, by=by, as_system=by is None)


def problems(call: Any) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        call()
    return [(problem.path, problem.code) for problem in refused.value.problems]


def keys(found: Any, field: str = "sku") -> list[Any]:
    return [record.values.get(field) for record in found.items]


def test_a_submission_is_numbered_computed_filled_and_written_down(ada: Person) -> None:
    product(ada)
    made = order(ada)
    assert made.number is not None
    assert made.number.startswith("SO-")
    assert made.values["lines"] == (
        {"product": 1, "quantity": 3, "unit_price": Decimal("3.39"), "total": Decimal("10.17")},
    )
    assert made.values["total"] == Decimal("10.17")
    assert made.links["/lines/0/product"]["title"] == "A1 · Lantern"
    assert [entry.event for entry in audit.entries(made.chain)] == ["record.submitted"]
    assert service.read_record(made.id, by=ada) == made


def test_numbers_count_on(ada: Person) -> None:
    product(ada)
    numbers = [order(ada, shop_number=str(n)).number for n in range(3)]
    assert [number[-4:] for number in numbers if number] == ["0001", "0002", "0003"]


def test_a_refused_submission_changes_nothing(ada: Person) -> None:
    assert problems(lambda: product(ada, name="", price="1,000.00")) == [
        ("/values/name", "required"),
        ("/values/price", "invalid"),
    ]
    with db.reading() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM signoff_record")).scalar() == 0


def test_a_unique_value_is_refused_with_the_name_of_its_holder(ada: Person) -> None:
    product(ada)
    with pytest.raises(Refused) as refused:
        product(ada, name="Other")
    assert [each.code for each in refused.value.problems] == ["not_unique"]
    assert "A1 · Lantern" in refused.value.message


def test_a_draft_does_not_hold_a_unique_value(ada: Person) -> None:
    service.submit("product", {"sku": "A1"}, by=ada, draft=True)
    assert product(ada).status == "kept"


def test_a_unique_value_is_taken_once_by_many_at_the_same_time(tables: Flask, ada: Person) -> None:
    def submit(number: int) -> str:
        with tables.app_context():
            try:
                product(ada, name=f"Lantern {number}")
            except SignoffError as error:
                return error.problems[0].code
            return "made"

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(submit, range(16)))
    assert answers == ["made"] + ["not_unique"] * 15


def test_a_value_that_is_taken_undoes_its_own_block_of_an_outer_transaction_alone(
    ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    product(ada)
    # as if somebody took the value between the check and the write
    monkeypatch.setattr(uniqueness, "problems", lambda *_args, **_more: [])
    with db.transaction():
        with pytest.raises(Refused) as refused:
            product(ada)
        other = product(ada, sku="B2")
    assert [each.code for each in refused.value.problems] == ["not_unique"]
    assert service.read_record(other.id, by=ada).title


def test_a_unique_field_cannot_be_published_over_duplicates(ada: Person) -> None:
    for number in range(2):
        product(ada, sku=f"A{number}")
    document = definition("product.form")
    document["fields"][1]["unique"] = True
    with pytest.raises(Refused) as refused:
        catalogue.publish_form(document, by="ada")
    assert [(each.path, each.code) for each in refused.value.problems] == [("/fields/1/unique", "not_unique")]
    assert catalogue.program("product").version == 1


def test_indexes_follow_the_definition(ada: Person) -> None:
    def names() -> set[str]:
        """SQLAlchemy does not reflect SQLite's indexes on expressions."""
        catalogue_of = {"sqlite": "SELECT name FROM sqlite_master", "postgresql": "SELECT indexname FROM pg_indexes"}
        with db.reading() as conn:
            return set(conn.execute(sa.text(catalogue_of[conn.dialect.name])).scalars())

    unique = indexes.unique_name("product", "sku")
    assert unique in names()
    document = definition("product.form")
    document["fields"][0]["unique"] = False
    catalogue.publish_form(document, by="ada")
    assert unique not in names()
    product(ada)
    assert product(ada).status == "kept"


def test_totals_are_the_sum_of_what_points_here(ada: Person) -> None:
    lantern = product(ada)
    assert lantern.values["on_hand"] == 0
    first = move(ada, lantern.id, 10)
    move(ada, lantern.id, -4)
    assert service.read_record(lantern.id, by=ada).values["on_hand"] == 6
    service.update(first.id, {"quantity": 7}, by=ada)
    assert service.read_record(lantern.id, by=ada).values["on_hand"] == 3
    service.delete(first.id, by=ada)
    assert service.read_record(lantern.id, by=ada).values["on_hand"] == -4


def test_a_total_follows_a_movement_to_another_product(ada: Person) -> None:
    one, other = product(ada), product(ada, sku="B1")
    moved = move(ada, one.id, 5)
    service.update(moved.id, {"product": other.id}, by=ada)
    assert [service.read_record(each.id, by=ada).values["on_hand"] for each in (one, other)] == [0, 5]


def test_totals_stay_exact_under_concurrency(tables: Flask, ada: Person) -> None:
    products = [product(ada, sku=f"A{number}").id for number in range(2)]

    def work(number: int) -> None:
        with tables.app_context():
            for step in range(5):
                move(ada, products[(number + step) % 2], 3)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert sum(service.read_record(each, by=ada).values["on_hand"] for each in products) == 6 * 5 * 3


def test_a_total_that_is_published_later_counts_what_is_there(ada: Person) -> None:
    lantern = product(ada)
    move(ada, lantern.id, 8)
    document = definition("product.form")
    document["fields"].append({**document["fields"][-1], "key": "moved"})
    document["summary"].append("moved")
    catalogue.publish_form(document, by="ada")
    fresh = product(ada, sku="B1")
    move(ada, fresh.id, 2)
    assert service.read_record(fresh.id, by=ada).values["moved"] == 2
    ordered = service.find("product", by=ada, sort="-moved").items
    assert [record.id for record in ordered] == [lantern.id, fresh.id]


def test_a_stale_change_is_told_who_was_first_and_when(ada: Person) -> None:
    made = product(ada)
    service.update(made.id, {"price": "4.00"}, by=ada, revision=1)
    with pytest.raises(Conflict) as conflict:
        service.update(made.id, {"price": "5.00"}, by=ada, revision=1)
    assert conflict.value.details["by"] == "ada"
    assert conflict.value.details["by_name"] == "Ada Admin"
    assert conflict.value.details["at"] is not None


def test_a_change_keeps_what_was_not_sent_and_says_before_and_after(ada: Person) -> None:
    made = product(ada)
    changed = service.update(made.id, {"price": "4.00"}, by=ada)
    assert changed.values["name"] == "Lantern"
    assert changed.revision == 2
    assert audit.entries(made.chain)[-1].data["changes"] == {"price": {"before": "3.39", "after": "4.00"}}


def test_a_change_without_a_difference_is_none(ada: Person) -> None:
    made = product(ada)
    assert service.update(made.id, {"price": "3.39"}, by=ada).revision == 1


def test_what_one_may_not_see_does_not_exist(ada: Person, amy: Person) -> None:
    document = definition("product.form")
    document["access"] = {"create": ["*"], "read": ["warehouse"]}
    catalogue.publish_form(document, by="ada")
    made = product(ada)
    with pytest.raises(NotFound):
        service.read_record(made.id, by=amy)
    with pytest.raises(NotFound):
        service.update(made.id, {"price": "1"}, by=amy)
    assert service.find("product", by=amy).items == ()
    assert service.read_record(made.id, by=person("ma")).id == made.id
    with db.transaction() as conn:
        service.add_viewers(conn, made.id, ["r:service@company"])
    assert service.read_record(made.id, by=amy).id == made.id
    assert keys(service.find("product", by=amy)) == ["A1"]


def test_one_sees_what_one_filed(ada: Person, amy: Person) -> None:
    document = definition("product.form")
    document["access"] = {"create": ["*"], "read": []}
    catalogue.publish_form(document, by="ada")
    product(ada)
    product(amy, sku="B1")
    assert keys(service.find("product", by=amy)) == ["B1"]
    assert keys(service.find("product", by=ada)) == ["B1", "A1"]
    assert problems(lambda: move(amy, 1, 3)) == [("/values/product", "not_found")]


def test_the_right_that_is_missing_is_named(amy: Person, ada: Person) -> None:
    document = definition("product.form")
    document["access"] = {"create": ["warehouse"], "read": ["*"]}
    catalogue.publish_form(document, by="ada")
    with pytest.raises(Forbidden) as forbidden:
        product(amy)
    assert forbidden.value.details["right"] == "forms.product.create"
    made = product(ada)
    with pytest.raises(Forbidden) as forbidden:
        service.update(made.id, {"price": "1"}, by=amy)
    assert forbidden.value.details["right"] == "forms.product.edit"


def test_a_draft_is_its_writers_alone_until_it_is_sent(ada: Person, amy: Person) -> None:
    draft = service.submit("product", {"sku": "A1"}, by=amy, draft=True)
    assert (draft.status, draft.number) == ("draft", None)
    with pytest.raises(NotFound):
        service.read_record(draft.id, by=ada)
    assert service.find("product", by=ada).items == ()
    assert [each.id for each in drafts.of_person(amy).items] == [draft.id]
    assert problems(lambda: service.send(draft.id, by=amy)) == [
        ("/values/name", "required"),
        ("/values/price", "required"),
    ]
    service.update(draft.id, {"name": "Lantern", "price": "1"}, by=amy)
    assert service.send(draft.id, by=amy).status == "kept"
    assert drafts.of_person(amy).items == ()
    assert keys(service.find("product", by=ada, q="lant")) == ["A1"]
    with pytest.raises(Conflict):
        service.send(draft.id, by=amy)


def test_a_record_that_others_point_to_stays(ada: Person) -> None:
    made = product(ada)
    order(ada)
    with pytest.raises(Conflict) as conflict:
        service.delete(made.id, by=ada)
    assert conflict.value.code == "in_use"


def test_a_deleted_record_leaves_its_history(ada: Person) -> None:
    made = product(ada)
    service.delete(made.id, by=ada)
    with pytest.raises(NotFound):
        service.read_record(made.id, by=ada)
    assert [entry.event for entry in audit.entries(made.chain)] == ["record.submitted", "record.deleted"]
    assert service.find("product", by=ada, q="lantern").items == ()


def test_lookups_take_ids_numbers_and_unique_values(ada: Person) -> None:
    made = product(ada, sku="17")
    numbered = order(ada, lines=[{"product": made.id, "quantity": 1}])
    for raw in (made.id, f"#{made.id}", {"id": made.id}, "17"):
        assert move(ada, raw, 1).values["product"] == made.id  # type: ignore[arg-type]
    assert problems(lambda: move(ada, "lantern", 1)) == [("/values/product", "not_found")]  # type: ignore[arg-type]
    assert numbered.number is not None


WHERE = [
    ({"price": {"gt": "3"}}, ["A3", "A2"]),
    ({"price": {"gte": "2", "lt": "5"}}, ["A2", "A1"]),
    ({"sku": "A1"}, ["A1"]),
    ({"sku": ["A1", "A3"]}, ["A3", "A1"]),
    ({"sku": {"not_in": ["A1", "A3"]}}, ["A2"]),
    ({"name": {"contains": "灯"}}, ["A2"]),
    ({"name": {"starts_with": "Red"}}, ["A1"]),
    ({"not": {"price": {"lte": "2"}}}, ["A3", "A2"]),
    ({"any": [{"sku": "A1"}, {"price": "20"}]}, ["A3", "A1"]),
    ({"reorder_at": {"empty": True}}, []),
    ({"reorder_at": {"lt": 5}}, ["A3", "A2", "A1"]),
    ({"on_hand": {"gte": 5}}, ["A2"]),
    ({"price": {"gt": {"field": "reorder_at"}}}, ["A3", "A2", "A1"]),
]


@pytest.mark.parametrize(("where", "found"), WHERE, ids=lambda value: str(value))
def test_conditions_are_asked_of_the_database(ada: Person, where: Any, found: list[str]) -> None:
    product(ada, name="Red lantern", price="2")
    made = product(ada, sku="A2", name="白色灯笼", price="3.39")
    product(ada, sku="A3", name="50% off_", price="20")
    move(ada, made.id, 5)
    assert keys(service.find("product", by=ada, where=where)) == found


ORDERS_WHERE = [
    ({"lines": {"any": {"quantity": {"gte": 3}}}}, ["1"]),
    ({"lines": {"all": {"quantity": {"lt": 3}}}}, ["2"]),
    ({"customer_tier": "vip"}, ["2"]),
    ({"ordered_on": {"gt": "2026-03-01"}}, ["2"]),
    ({"ordered_on": {"lte": "2026-03-01"}}, ["1"]),
    ({"customer_email": {"empty": True}}, ["2", "1"]),
    ({"customer_email": {"ne": "a@example.com"}}, ["2", "1"]),
]


@pytest.mark.parametrize(("where", "found"), ORDERS_WHERE, ids=lambda value: str(value))
def test_conditions_reach_into_rows_choices_and_dates(ada: Person, where: Any, found: list[str]) -> None:
    product(ada)
    order(ada, shop_number="1")
    tier = {"customer_tier": "vip", "ordered_on": "2026-03-02"}
    order(ada, shop_number="2", lines=[{"product": "A1", "quantity": 2}], **tier)
    assert keys(service.find("sales_order", by=ada, where=where), "shop_number") == found


def test_a_condition_on_a_fact_cannot_be_searched(ada: Person) -> None:
    assert problems(lambda: service.find("product", by=ada, where={"submitter.department": "service"})) == [
        ("/where", "cannot_search")
    ]
    assert problems(lambda: service.find("product", by=ada, where={"colour": "red"}))[0][0].startswith("/where")
    assert problems(lambda: service.find("product", by=ada, sort="reorder_at")) == [("/sort", "unknown_sort")]


@pytest.mark.parametrize("sort", [None, "price", "-price", "name", "-sku", "on_hand", "-on_hand"])
def test_pages_by_key_give_every_record_once(ada: Person, sort: str | None) -> None:
    for number in range(7):
        made = product(ada, sku=f"A{number}", name=f"Lantern {number % 3}", price=str(number % 4))
        if number % 2:
            move(ada, made.id, number)
    found: list[Any] = []
    after = None
    while True:
        page = service.find("product", by=ada, sort=sort, after=after, limit=3)
        found += keys(page)
        after = page.next
        if after is None:
            break
    assert sorted(found) == [f"A{number}" for number in range(7)]
    whole = keys(service.find("product", by=ada, sort=sort, limit=50))
    assert found == whole
    assert service.count("product", by=ada) == service.count("product", by=ada, q="lantern")


def test_a_cursor_of_another_order_is_refused(ada: Person) -> None:
    for number in range(3):
        product(ada, sku=f"A{number}")
    cursor = service.find("product", by=ada, limit=2).next
    with pytest.raises(SignoffError) as malformed:
        service.find("product", by=ada, sort="price", after=cursor)
    assert malformed.value.status == 400


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("lant", ["A1"]), ("LANTERN red", ["A1"]), ("灯笼", ["B-2026-7"]), ("白", ["B-2026-7"]), ("笼", ["B-2026-7"]),
        ("色灯", ["B-2026-7"]), ("b-20", ["B-2026-7"]), ("灯白", []), ("ntern", []), ("", ["B-2026-7", "A1"]),
    ],
)  # fmt: skip
def test_words_are_found_by_their_beginning(ada: Person, q: str, found: list[str]) -> None:
    product(ada, name="Red Lantern")
    product(ada, sku="B-2026-7", name="白色灯笼")
    assert keys(service.find("product", by=ada, q=q)) == found


def test_words_follow_a_change(ada: Person) -> None:
    made = product(ada)
    service.update(made.id, {"name": "Chair"}, by=ada)
    assert keys(service.find("product", by=ada, q="lantern")) == []
    assert keys(service.find("product", by=ada, q="chair")) == ["A1"]


@pytest.mark.parametrize(
    ("texts", "terms"),
    [
        (["SO-2026-7 退款单"], ["so-2026-7", "so", "2026", "7", "退款", "款单", "单"]),
        (["Ｌａｎｔｅｒｎ"], ["lantern"]),
        (["", "  "], []),
        (["a a A"], ["a"]),
    ],
)
def test_terms(texts: list[str], terms: list[str]) -> None:
    assert search.terms_of(texts) == terms


def test_values_applied_inside_a_transaction_are_computed_anew(ada: Person) -> None:
    product(ada)
    made = order(ada)
    with db.transaction() as conn:
        rows = ({**made.values["lines"][0], "quantity": 5},)
        changed = service.apply_values(conn, made, {"lines": rows})
    assert changed.values["total"] == Decimal("16.95")
    assert changed.links == made.links
    assert service.read_record(made.id, by=ada) == changed


def test_a_status_moves_totals(ada: Person) -> None:
    lantern = product(ada)
    moved = move(ada, lantern.id, 5)
    with db.transaction() as conn:
        service.set_status(conn, moved.id, "rejected")
    assert service.read_record(lantern.id, by=ada).values["on_hand"] == 0
    with db.transaction() as conn:
        service.set_status(conn, moved.id, "approved")
    assert service.read_record(lantern.id, by=ada).values["on_hand"] == 5


def test_an_evaluation_stores_nothing(ada: Person) -> None:
    product(ada)
    reading = service.evaluate("sales_order", {"lines": [{"product": "A1", "quantity": 2}]}, by=ada)
    assert reading.values["total"] == Decimal("6.78")
    assert {problem.code for problem in reading.problems} == {"required"}
    assert service.find("sales_order", by=ada).items == ()


def test_a_publish_that_breaks_another_form_is_refused(ada: Person) -> None:
    document = definition("sales_order.form")
    document["fields"] = [field for field in document["fields"] if field["key"] != "customer_email"]
    with pytest.raises(Refused) as refused:
        catalogue.publish_form(document, by="ada")
    assert [each.code for each in refused.value.problems] == ["used_elsewhere"]
    assert "refund" in refused.value.message
