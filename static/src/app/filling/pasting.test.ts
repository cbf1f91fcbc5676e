import { expect, test } from "vitest";
import { isHead, parsePasted, pasteInto, plainDay, plainNumber } from "./pasting";

test.each([
  ["a\tb\nc\td\n", [["a", "b"], ["c", "d"]]],
  ["a\r\nb\r\n", [["a"], ["b"]]],
  ['"two\nlines"\tb', [["two\nlines", "b"]]],
  ['"say ""hi"""\t""', [['say "hi"', ""]]],
  ['5" nail\tx', [['5" nail', "x"]]],
  ["a\t\t\n\tb\t", [["a", "", ""], ["", "b", ""]]],
  ['"tab\tinside"\tb', [["tab\tinside", "b"]]],
  ["only", [["only"]]],
])("cells of %j", (text, cells) => {
  expect(parsePasted(text)).toEqual(cells);
});

test.each([
  ["1,234.50", "1234.50"],
  ["¥ 1,234,567", "1234567"],
  ["￥12", "12"],
  ["(1,200.00)", "-1200.00"],
  ["−5", "-5"],
  ["-$3.10", "-3.10"],
  ["12.5 %", "12.5%"],
  ["1，234", "1234"],
  ["1,23", "1,23"],
  ["twelve", "twelve"],
])("the number %s is %s", (text, number) => {
  expect(plainNumber(text)).toBe(number);
});

test("days of spreadsheets become days of inputs", () => {
  expect([plainDay("2026/3/1"), plainDay("2026年12月31日"), plainDay("2026-03-01"), plainDay("soon")]).toEqual(["2026-03-01", "2026-12-31", "2026-03-01", "soon"]);
});

test("a first row that names the columns is none of the rows", () => {
  const labels = ["Product *", "Quantity", "Total", "Row"];
  expect(isHead(["product", "Quantity", ""], labels)).toBe(true);
  expect(isHead(["product", "3"], labels)).toBe(false);
  expect(isHead(["", ""], labels)).toBe(false);
});

test("a choice takes its value or its label, and says when it takes neither", () => {
  document.body.innerHTML = '<select><option value=""></option><option value="vip">Very important</option></select>';
  const select = document.querySelector("select") as HTMLSelectElement;
  expect([pasteInto(select, "very important"), select.value]).toEqual([true, "vip"]);
  expect([pasteInto(select, "nobody"), select.value]).toEqual([false, ""]);
  expect([pasteInto(select, "vip"), select.value]).toEqual([true, "vip"]);
});

test("what may not be edited stays as it is", () => {
  document.body.innerHTML = '<input value="5" readonly>';
  const input = document.querySelector("input") as HTMLInputElement;
  expect(pasteInto(input, "7")).toBe(true);
  expect(input.value).toBe("5");
});
