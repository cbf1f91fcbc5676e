"""Spreadsheets become records; every row that does not fit is reported with its line."""

import gzip
import io
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from signoff.forms import importing, service
from signoff.platform.errors import Forbidden, Malformed, Refused
from signoff.platform.people.directory import Person

from .test_service import product

ORDERS = {
    "shop_number": "invoice", "customer_name": "customer", "ordered_on": "day",
    "lines.product": "sku", "lines.quantity": "quantity",
}  # fmt: skip


def file(tmp_path: Path, text: str, name: str = "file.csv", encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def codes(result: importing.ImportResult) -> list[tuple[int, list[str]]]:
    return [(line, [problem.code for problem in problems]) for line, problems in sorted(result.rejected)]


def test_rows_become_records_and_bad_rows_are_reported(ada: Person, tmp_path: Path) -> None:
    path = file(tmp_path, "sku,Name,单价\nA1,Lantern,3.39\nA2,,x\n\nA1,Again,1\nA3,Chair,2\n")
    result = importing.import_records("product", path, by=ada)
    assert result.created == 2
    assert codes(result) == [(3, ["required", "invalid"]), (5, ["not_unique"])]
    assert [record.values["sku"] for record in service.find("product", by=ada).items] == ["A3", "A1"]


def test_grouped_rows_are_line_items_of_one_record(ada: Person, tmp_path: Path) -> None:
    product(ada)
    product(ada, sku="B1", price="2")
    text = (
        "invoice,customer,day,sku,quantity\n1,Li,2026-03-01,A1,2\n2,Bo,2026-03-01,B1,1\n1,,,B1,3\n"
        "3,Al,2026-03-01,A1,0\n4,Cy,2026-03-01,A1,0\n4,Cy,2026-03-01,A1,1\n5,,2026-03-01,A1,1\n5,,2026-03-01,B1,1\n"
    )
    path = file(tmp_path, text)
    result = importing.import_records("sales_order", path, by=ada, mapping=ORDERS, group_by="invoice")
    found = {record.values["shop_number"]: record for record in service.find("sales_order", by=ada).items}
    assert {key: len(record.values["lines"]) for key, record in found.items()} == {"1": 2, "2": 1, "4": 1}
    assert str(found["1"].values["total"]) == "12.78"
    assert codes(result) == [(5, ["min"]), (6, ["min"]), (8, ["required"]), (9, ["record_refused"])]
    assert result.lines == 8


def test_an_atomic_import_keeps_all_or_nothing(ada: Person, tmp_path: Path) -> None:
    path = file(tmp_path, "sku,name,price\nA1,Lantern,3.39\nA2,,1\n")
    result = importing.import_records("product", path, by=ada, atomic=True)
    assert (result.created, codes(result)) == (0, [(3, ["required"])])
    assert service.find("product", by=ada).items == ()


def test_a_workbook_is_read_as_people_see_it(ada: Person, tmp_path: Path) -> None:
    product(ada)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["invoice", "customer", "day", "sku", "quantity"])
    sheet.append([1001, "Li", date(2026, 3, 1), "A1", 2.0])
    path = tmp_path / "orders.xlsx"
    book.save(path)
    result = importing.import_records("sales_order", path, by=ada, mapping=ORDERS, group_by="invoice")
    assert codes(result) == []
    record = service.find("sales_order", by=ada).items[0]
    assert (record.values["shop_number"], str(record.values["ordered_on"])) == ("1001", "2026-03-01")


@pytest.mark.parametrize(
    ("name", "body", "encoding"),
    [
        ("a.csv", b"sku;name;price\nA1;Lantern;1\n", "utf-8-sig"),
        ("a.tsv", b"sku\tname\tprice\nA1\tLantern\t1\n", "utf-8-sig"),
        ("a.csv", "\ufeffsku,name,price\nA1,Lantern,1\n".encode(), "utf-8-sig"),
        ("a.csv", "编码,名称,单价\nA1,灯笼,1\n".encode("gb18030"), "gb18030"),
        ("a.csv.gz", gzip.compress(b"sku,name,price\nA1,Lantern,1\n", mtime=0), "utf-8-sig"),
    ],
)
def test_files_of_many_kinds(ada: Person, tmp_path: Path, name: str, body: bytes, encoding: str) -> None:
    path = tmp_path / name
    path.write_bytes(body)
    assert importing.import_records("product", path, by=ada, encoding=encoding).created == 1


@pytest.mark.parametrize(
    ("text", "mapping", "codes_"),
    [
        ("sku,name\n", {"colour": "sku"}, ["unknown_field"]),
        ("sku,name\n", {"price": "cost"}, ["unknown_column"]),
        ("a,b\n1,2\n", {}, ["nothing_mapped"]),
        ("", {}, ["no_header"]),
        ("sku,sku\n1,2\n", {}, ["duplicate_column"]),
    ],
)
def test_a_plan_that_cannot_work_is_refused(
    ada: Person, tmp_path: Path, text: str, mapping: dict[str, str], codes_: list[str]
) -> None:
    with pytest.raises(Refused) as refused:
        importing.import_records("product", file(tmp_path, text), by=ada, mapping=mapping)
    assert [each.code for each in refused.value.problems] == codes_


@pytest.mark.parametrize("body", [b"PK\x03\x04broken", "sku,name\nA1,灯笼\n".encode("gb18030")])
def test_a_file_that_cannot_be_read_is_malformed(ada: Person, tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(body)
    with pytest.raises(Malformed):
        importing.import_records("product", path, by=ada)


def test_an_import_that_broke_off_goes_on_behind_its_last_batch(
    ada: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing._batches, "__defaults__", (2,))
    path = file(tmp_path, "sku,name,price\n" + "".join(f"A{n},Lantern,1\n" for n in range(7)))
    kept: list[importing.ImportResult] = []

    def breaks_off(_conn: Any, result: importing.ImportResult) -> None:
        if result.groups == 4:
            raise RuntimeError("killed")
        kept.append(importing.ImportResult(created=result.created, groups=result.groups))

    with pytest.raises(RuntimeError):
        importing.import_records("product", path, by=ada, checkpoint=breaks_off)
    result = importing.import_records("product", path, by=ada, resume=kept[-1])
    assert (result.created, result.rejected) == (7, [])
    assert len(service.find("product", by=ada).items) == 7


def test_a_preview_stores_nothing(ada: Person, tmp_path: Path) -> None:
    path = file(tmp_path, "sku,name,price\nA1,,1\nA2,Chair,1\n")
    found = importing.preview("product", path, mapping={}, by=ada, group_by=None)
    assert [line for line, _ in found] == [2]
    assert service.find("product", by=ada).items == ()


def test_an_export_can_be_imported_again(ada: Person, tmp_path: Path) -> None:
    from zoneinfo import ZoneInfo

    from signoff.forms import exporting
    from signoff.forms.display import Reader

    product(ada, sku="007")
    text = "".join(exporting.as_csv("product", by=ada, reader=Reader("en", ZoneInfo("UTC"))))
    service.delete(1, by=ada)
    path = tmp_path / "back.csv"
    path.write_text(text, encoding="utf-8")
    assert importing.import_records("product", path, by=ada).created == 1
    assert io.StringIO(text).readline().startswith("\ufeff#,")


def test_the_right_to_file_is_needed(ada: Person, amy: Person, tmp_path: Path) -> None:
    from signoff.forms import catalogue

    from ..conftest import definition

    document = definition("product.form")
    document["access"] = {"create": ["warehouse"], "read": ["*"]}
    catalogue.publish_form(document, by="ada")
    with pytest.raises(Forbidden):
        importing.import_records("product", file(tmp_path, "sku\n1\n"), by=amy)
