"""Pages of forms and records, as browsers without script use them, and what scripts ask."""

import csv
import io
import re
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from signoff.forms import catalogue, drafts, service, tabular
from signoff.platform import files
from signoff.platform.people.directory import Person
from signoff.platform.statements import watched

from ..conftest import SignIn, definition
from .conftest import person
from .forming import document
from .test_service import order, product


def png() -> bytes:
    """A picture of one dot."""
    body = io.BytesIO()
    Image.new("RGB", (1, 1), "red").save(body, "PNG")
    return body.getvalue()


class Page(HTMLParser):
    """Just enough of a browser: the inputs of the record's form, as it would send them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.text = ""
        self._inside = self._template = False
        self._select = self._area = ""
        self._first: str | None = None
        self._chosen: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if "id" in found and not self._template:
            self.ids.append(found["id"])
        if tag == "form":
            self._inside = found.get("id") == "record-form"
        elif tag == "template":
            self._template = True
        if not self._inside or self._template or "disabled" in found:
            return
        if tag == "input" and found.get("type") not in ("file", "submit"):
            if found.get("type") in ("radio", "checkbox") and "checked" not in found:
                return
            self.sent.append((found["name"], found.get("value", "")))
        elif tag == "select":
            self._select, self._chosen, self._first = found["name"], None, None
        elif tag == "option" and self._select:
            self._first = found.get("value", "") if self._first is None else self._first
            self._chosen = found.get("value", "") if "selected" in found else self._chosen
        elif tag == "textarea":
            self._area = found["name"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "template":
            self._template = False
        elif tag == "select" and self._select:
            self.sent.append((self._select, self._chosen if self._chosen is not None else self._first or ""))
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._area:
            self.sent.append((self._area, data.lstrip("\n")))

    def with_(self, **values: str) -> dict[str, list[str]]:
        """What is sent after typing ``values`` (``lines_0_quantity``)."""
        body: dict[str, list[str]] = {}
        for name, value in self.sent:
            body.setdefault(name, []).append(value)
        body.update({"f-" + name.replace("__", "-"): [value] for name, value in values.items()})
        return body


def open_page(client: FlaskClient, url: str) -> Page:
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def test_a_form_is_filled_and_read_without_script(browser: FlaskClient, ada: Person) -> None:
    product(ada)
    page = open_page(browser, "/forms/sales_order/new")
    body = page.with_(
        shop_number="7", customer_name="李娜", ordered_on="2026-03-01", lines__0__product="A1", lines__0__quantity="３"
    )
    answer = browser.post("/forms/sales_order/new", data=body)
    assert answer.status_code == 303, answer.text
    record = service.find("sales_order", by=ada).items[0]
    assert record.values["total"] == Decimal("10.17")
    shown = browser.get(answer.headers["Location"]).text
    for text in ("李娜", "¥10.17", "A1 · Lantern", "Normal", str(record.number)):
        assert text in shown


def test_what_is_wrong_stands_at_the_field_and_in_the_summary(browser: FlaskClient) -> None:
    page = open_page(browser, "/forms/product/new")
    answer = browser.post("/forms/product/new", data=page.with_(sku="<b>", price="1,000.00"))
    assert answer.status_code == 422
    again = Page(answer.text)
    assert ("f-sku", "<b>") in again.sent
    assert ("f-price", "1,000.00") in again.sent
    assert 'href="#f-price"' in answer.text
    assert re.search(r'id="f-price"[^>]*aria-invalid="true"', answer.text)
    assert "<b>" not in answer.text


def test_ids_on_a_page_are_unique(browser: FlaskClient, ada: Person) -> None:
    product(ada)
    order(ada, lines=[{"product": "A1", "quantity": n + 1} for n in range(3)])
    for url in ("/forms/refund/new", "/records/2/edit", "/records/2", "/forms/sales_order/records"):
        ids = open_page(browser, url).ids
        assert len(ids) == len(set(ids)), [each for each in ids if ids.count(each) > 1]


def test_rows_are_added_copied_and_removed_without_script(browser: FlaskClient, ada: Person) -> None:
    product(ada)
    url = "/forms/sales_order/new"
    page = open_page(browser, url)
    body = page.with_(lines__0__product="A1", lines__0__quantity="2")
    copied = Page(browser.post(url, data={**body, "do": "copy:lines:0"}).text)
    assert [value for name, value in copied.sent if name.endswith("-quantity")] == ["2", "2"]
    added = Page(browser.post(url, data={**copied.with_(), "do": "add:lines"}).text)
    assert [value for name, value in added.sent if name.endswith("-quantity")] == ["2", "2", ""]
    removed = Page(browser.post(url, data={**added.with_(lines__1__quantity="5"), "do": "remove:lines:0"}).text)
    assert [value for name, value in removed.sent if name.endswith("-quantity")] == ["5", ""]


def test_a_table_stands_in_the_menu_from_its_publishing_on(browser: FlaskClient, ada: Person) -> None:
    assert "/forms/shelf/records" not in browser.get("/forms/product/new").text
    field = {"key": "place", "type": "text", "label": "Place"}
    catalogue.publish_form({"schema": "form/1", "key": "shelf", "title": "Shelves", "fields": [field]}, by=ada.key)
    assert "/forms/shelf/records" in browser.get("/forms/product/new").text


def test_the_fill_page_asks_little_of_the_database(browser: FlaskClient, ada: Person) -> None:
    product(ada)
    draft = service.submit("product", {"sku": "A7", "name": "Lantern"}, by=ada, draft=True)
    for url, most in (("/forms/product/new", 2), (f"/records/{draft.id}/edit", 4)):
        browser.get(url)
        with watched() as asked:
            assert browser.get(url).status_code == 200
        assert len([each for each in asked if each.lstrip().upper().startswith(("SELECT", "WITH"))]) <= most, asked


def test_recalculating_fills_and_shows_without_script(browser: FlaskClient, ada: Person) -> None:
    product(ada)
    made = order(ada)
    page = open_page(browser, "/forms/refund/new")
    line = {"lines__0__product": "A1", "lines__0__quantity": "2", "lines__0__unit_price": "3.39"}
    body = page.with_(order=str(made.number), method="bank", **line)
    answer = browser.post("/forms/refund/new", data={**body, "do": "recalculate"})
    again = Page(answer.text)
    assert answer.status_code == 200
    assert ("f-customer_name", "李娜") in again.sent
    assert ("f-order-id", str(made.id)) in again.sent
    assert "¥6.78" in answer.text
    assert re.search(r'data-field="bank_account">', answer.text)
    assert "is missing" not in re.sub(r"<script.*?</script>", "", answer.text, flags=re.S)  # the words of the script


def test_a_looked_up_record_is_kept_by_its_id_until_its_text_changes(browser: FlaskClient, ada: Person) -> None:
    product(ada, name="Lantern, red")
    page = open_page(browser, "/forms/stock_movement/new")
    start = {"f-kind": "purchase", "f-quantity": "1"}
    kept = {**page.with_(), **start, "f-product": "A1 · x", "f-product-id": "1", "f-product-shown": "A1 · x"}
    assert browser.post("/forms/stock_movement/new", data=kept).status_code == 303
    typed = {**kept, "f-product": "nothing"}
    answer = browser.post("/forms/stock_movement/new", data=typed)
    assert answer.status_code == 422
    assert ("f-product", "nothing") in Page(answer.text).sent


def test_files_are_sent_without_script_and_kept_when_the_form_comes_back(browser: FlaskClient, ada: Person) -> None:
    page = open_page(browser, "/forms/refund/new")
    body: dict[str, Any] = {**page.with_(), "f-payment_proof-upload": (io.BytesIO(png()), "proof.png")}
    answer = browser.post("/forms/refund/new", data=body, content_type="multipart/form-data")
    assert answer.status_code == 422
    names = [name for name, _ in Page(answer.text).sent]
    assert "f-payment_proof" in names
    assert "proof.png" in answer.text
    page_text = {**page.with_(), "f-payment_proof-upload": (io.BytesIO(b"plain"), "proof.exe")}
    refused = browser.post("/forms/refund/new", data=page_text, content_type="multipart/form-data")
    assert refused.status_code == 422
    assert 'href="#f-payment_proof' in refused.text


def test_a_page_says_live_what_the_server_says(browser: FlaskClient, ada: Person) -> None:
    product(ada)
    made = order(ada)
    body = {
        "f-order": made.number, "f-order-id": "", "f-order-shown": "", "f-reason": "damaged", "f-lines": "",
        "f-lines-4": "1", "f-lines-4-product": "A1", "f-lines-4-quantity": "0", "f-lines-4-unit_price": "2",
        "f-lines-9": "1", "f-lines-9-product": "A1", "f-lines-9-quantity": "2", "f-lines-9-unit_price": "3.39",
    }  # fmt: skip
    live = browser.post("/forms/refund/evaluate", data=body).json
    assert live is not None
    assert live["inputs"]["f-customer_name"] == "李娜"
    assert live["inputs"]["f-lines-9-product"]["text"] == "A1 · Lantern"
    assert live["inputs"]["f-order"]["id"] == str(made.id)
    assert live["outputs"]["f-lines-9-total"] == "¥6.78"
    assert "photos" in live["visible"]
    assert "photos" in live["required"]
    assert "bank_account" not in live["visible"]
    assert "customer_name" in live["readonly"]
    assert "f-lines-4-quantity" in [each["id"] for each in live["problems"]]


def test_drafts_save_by_themselves_and_are_sent_from_the_same_page(browser: FlaskClient, ada: Person) -> None:
    page = open_page(browser, "/forms/product/new")
    first = browser.post("/forms/product/drafts", data=page.with_(sku="A1", price="abc")).json
    assert first is not None
    assert first["problems"] == 1
    body = {**page.with_(sku="A1", name="Lantern"), "draft": str(first["id"])}
    again = browser.post("/forms/product/drafts", data=body).json
    assert again is not None
    assert again["id"] == first["id"]
    assert [each.values["name"] for each in drafts.of_person(ada).items] == ["Lantern"]
    assert "Lantern" in browser.get("/drafts").text
    sent = browser.post("/forms/product/new", data={**body, "f-price": "1"})
    assert sent.headers["Location"].endswith(f"/records/{first['id']}")
    assert drafts.of_person(ada).items == ()


def test_a_stale_page_says_who_was_first_and_keeps_what_was_typed(browser: FlaskClient, ada: Person) -> None:
    made = product(ada)
    page = open_page(browser, f"/records/{made.id}/edit")
    service.update(made.id, {"price": "4"}, by=ada)
    answer = browser.post(f"/records/{made.id}/edit", data=page.with_(name="Typed"))
    assert answer.status_code == 409
    assert "Ada Admin" in answer.text
    assert ("f-name", "Typed") in Page(answer.text).sent


def test_a_record_is_changed_and_deleted_on_its_page(browser: FlaskClient, ada: Person) -> None:
    made = product(ada)
    page = open_page(browser, f"/records/{made.id}/edit")
    assert browser.post(f"/records/{made.id}/edit", data=page.with_(name="Chair")).status_code == 303
    assert service.read_record(made.id, by=ada).values["name"] == "Chair"
    assert browser.post(f"/records/{made.id}/delete").status_code == 303
    assert browser.get(f"/records/{made.id}").status_code == 404


@pytest.mark.parametrize("url", ["/records/999", "/forms/nothing/new", "/forms/nothing/records", "/records/999/edit"])
def test_what_is_not_there_is_not_found(browser: FlaskClient, url: str) -> None:
    assert browser.get(url).status_code == 404


def test_a_list_is_searched_filtered_ordered_and_paged_by_links(browser: FlaskClient, ada: Person) -> None:
    product(ada)
    for number in range(60):
        order(ada, shop_number=str(number), customer_name=f"Customer {number}")
    first = browser.get("/forms/sales_order/records").text
    assert "60 records" in first
    following = re.search(r'href="([^"]*after=[^"]*)"', first)
    assert following is not None
    second = browser.get(following[1].replace("&amp;", "&")).text
    assert len(re.findall("row-link", first)) == 50
    assert len(re.findall("row-link", second)) == 10
    found = browser.get("/forms/sales_order/records?q=customer+59&sort=-total&f-customer_tier=normal").text
    assert "1 record<" in found
    assert 'aria-sort="descending"' in found
    assert "Nothing matches" in browser.get("/forms/sales_order/records?f-state=shipped").text


def test_pages_speak_chinese(browser: FlaskClient, ada: Person) -> None:
    product(ada)
    browser.set_cookie("signoff_language", "zh", domain="127.0.0.1")
    text = browser.get("/forms/product/new").text
    assert "商品" in text
    assert "编码" in text


EVIL = ["=1+1", "+1", "-1+1", "@SUM(A1)", "\tx", "＝1"]


def test_exports_disarm_formulas(browser: FlaskClient, ada: Person) -> None:
    for place, text in enumerate(EVIL):
        product(ada, sku=f"A{place}", name=text)
    rows = list(csv.reader(io.StringIO(browser.get("/forms/product/export.csv").text.lstrip("\ufeff"))))
    column = rows[0].index("Name")
    assert all(row[column].startswith("'") for row in rows[1:] if row[column] != "x")
    book = openpyxl.load_workbook(io.BytesIO(browser.get("/forms/product/export.xlsx").data))
    cells = [cell for row in book.active.iter_rows(min_row=2) for cell in row]  # type: ignore[union-attr]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    assert browser.get("/forms/product/export.pdf").status_code == 404


@pytest.mark.parametrize(
    ("text", "written"),
    [("=1", "'=1"), ("-5", "'-5"), ("'=1", "''=1"), ("Lantern", "Lantern"), ("", ""), ("a=b", "a=b"), ("'a", "'a")],
)
def test_disarmed(text: str, written: str) -> None:
    assert tabular.disarmed(text) == written
    assert tabular.rearmed(written) == text, "and an import reads what was exported"


def test_an_export_holds_every_line_item_and_only_what_is_visible(browser: FlaskClient, ada: Person) -> None:
    product(ada)
    order(ada, lines=[{"product": "A1", "quantity": n + 1} for n in range(3)])
    rows = list(csv.DictReader(io.StringIO(browser.get("/forms/sales_order/export.csv").text.lstrip("\ufeff"))))
    assert [row["Items / Quantity"] for row in rows] == ["1", "2", "3"]


def test_a_public_form_takes_no_sign_in_and_gives_number_and_code(browser: FlaskClient, tables: Flask) -> None:
    document = definition("product.form")
    document["public"] = {"fill": True, "status": ["name"]}
    catalogue.publish_form(document, by="ada")
    stranger = tables.test_client()
    page = open_page(stranger, "/public/product")
    answer = stranger.post("/public/product", data=page.with_(sku="A1", name="Lantern", price="1"))
    assert answer.status_code == 201
    record = service.find("product", by=person("ada")).items[0]
    assert record.submitted_by is None
    assert record.access_code is not None
    assert record.access_code in answer.text
    caught = stranger.post("/public/product", data={**page.with_(sku="A2", name="x", price="1"), "website": "spam"})
    assert caught.status_code == 422
    assert stranger.get("/public/sales_order").status_code == 404
    assert stranger.get("/forms/product/new").status_code in (302, 303)


def test_suggestions_follow_what_is_typed(browser: FlaskClient, ada: Person) -> None:
    product(ada, name="Red lantern")
    product(ada, sku="LANT", name="Chair")
    found = browser.get("/forms/sales_order/lookup/lines.product?q=lant").json
    assert found is not None
    assert [each["text"] for each in found["items"]] == ["LANT · Chair", "A1 · Red lantern"]
    assert browser.get("/forms/sales_order/lookup/nothing?q=x").status_code == 404


def test_a_sheet_is_imported_over_its_pages(browser: FlaskClient, tables: Flask, ada: Person) -> None:
    from signoff.platform.scheduler import run_due

    sheet = "sku,名称,price\nB1,Chair,5\nB2,,x\n".encode("gb18030")
    sent = browser.post(
        "/forms/product/import",
        data={"file": (io.BytesIO(sheet), "p.csv"), "encoding": "gb18030"},
        content_type="multipart/form-data",
    )
    assert sent.status_code == 303, sent.text
    url = sent.headers["Location"]
    assert '<option value="名称" selected>' in browser.get(url).text
    columns = {"map-sku": "sku", "map-name": "名称", "map-price": "price", "encoding": "gb18030"}
    checked = browser.post(url, data={**columns, "do": "check"})
    assert "Line 3" in checked.text
    assert service.find("product", by=ada).items == ()
    run = browser.post(url, data={**columns, "do": "run"})
    run_due(tables)
    text = browser.get(run.headers["Location"]).text
    assert "The import is finished." in text
    assert [each.values["sku"] for each in service.find("product", by=ada).items] == ["B1"]


def plain(page: str) -> str:
    """A page without what differs each time: tokens, nonces, and words for this one page."""
    page = re.sub(r'(nonce="|csrf-token" content="|csrf_token" value=")[^"]+', r"\1…", page)
    return re.sub(r'<div class="flashes".*?\n</div>', "", page, flags=re.S)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_that_is_only_filled_is_what_its_template_gives(
    browser: FlaskClient, ada: Person, language: str
) -> None:
    lantern = product(ada)
    draft = service.submit("product", {"sku": "B2", "name": '"><b>'}, by=ada, draft=True)
    browser.set_cookie("signoff_language", language, domain="127.0.0.1")
    for path in ("/forms/product/new", f"/records/{lantern.id}/edit", f"/records/{draft.id}/edit"):
        browser.get("/forms/sales_order/new")  # another page of the same template stands between
        drawn = [plain(browser.get(path).text) for _ in range(2)]
        with browser.session_transaction() as session:
            session["_flashes"] = [("success", "There.")]
        with_flash = browser.get(path).text
        assert "There." in with_flash
        assert "There." not in browser.get(path).text
        page = re.sub(r'"at":"[^"]+"', "", plain(with_flash))
        assert {re.sub(r'"at":"[^"]+"', "", each) for each in drawn} == {page}


def test_pages_of_different_people_are_their_own(tables: Flask, browser: FlaskClient, sign_in: SignIn) -> None:
    browser.get("/forms/product/new")
    with sign_in("amy") as client:
        page = client.get("/forms/product/new").text
        assert 'data-who="amy"' in page
        assert "Amy" in page
        token = re.search(r'csrf_token" value="([^"]+)', page)
        assert token
        assert page.count(token[1]) > 2
        nonces = set(re.findall(r'nonce="([^"]+)', page))
        assert len(nonces) == 1
        assert nonces.isdisjoint(re.findall(r'nonce="([^"]+)', client.get("/forms/product/new").text))


@pytest.mark.parametrize(
    ("language", "kinds", "ask", "sign"),
    [
        (
            "en",
            "PDF, images · up to 3 MB each",
            "Drop files here, or choose them.",
            "Sign here with finger, pen or mouse",
        ),
        ("zh", "PDF, 图片 · 每个最大 3 MB", "将文件拖到此处，或点击选择。", "请用手指、手写笔或鼠标在此签名"),
    ],
)
def test_files_say_what_is_taken_in_the_readers_words(
    browser: FlaskClient, language: str, kinds: str, ask: str, sign: str
) -> None:
    fields = [
        {
            "key": "papers",
            "type": "file",
            "multiple": True,
            "accept": ["application/pdf", "image/*"],
            "max_size": "3MB",
        },
        {"key": "word", "type": "file", "accept": ["application/msword", "text/csv"]},
        {"key": "hand", "type": "signature"},
        {"key": "lines", "type": "table", "columns": [{"key": "photo", "type": "image"}]},
    ]
    catalogue.publish_form({**document(fields), "key": "sample"}, by="ada")
    browser.set_cookie("signoff_language", language, domain="127.0.0.1")
    page = browser.get("/forms/sample/new").text
    assert f'<span class="upload-hint">{kinds}</span>' in page
    assert f"<span>{ask}</span>" in page
    assert "Word, CSV" in page
    assert page.count("<canvas") == 1
    assert f'aria-label="{sign}"' in page
    assert page.count('capture="environment"') == 1, "a photo is offered where images are taken, and not in a row"


def test_a_signature_is_read_as_a_picture_and_a_number_can_be_called(browser: FlaskClient, ada: Person) -> None:
    fields = [{"key": "hand", "type": "signature"}, {"key": "call", "type": "phone"}]
    catalogue.publish_form({**document(fields), "key": "sample"}, by="ada")
    drawn = io.BytesIO()
    Image.new("RGB", (40, 20), "white").save(drawn, "PNG")
    drawn.seek(0)
    stored = files.store(drawn, "signature.png", by="ada")
    made = service.submit("sample", {"hand": [stored.id], "call": "+86 138-0013 8000"}, by=ada)
    page = browser.get(f"/records/{made.id}").text
    assert re.search(
        rf'<a href="[^"]*{stored.id}"><img class="signed" src="[^"]*{stored.id}[^"]*" alt="signature.png"', page
    )
    assert '<a href="tel:+8613800138000">+86 138-0013 8000</a>' in page
