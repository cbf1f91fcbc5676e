import { expect, test } from "vitest";
import { type Row, targetAt, targetIn } from "./dropping";

const BOX = { left: 0, top: 0, width: 400, height: 400 };
const cells = (count: number): Row["cells"] => Array.from({ length: count }, (_, index) => ({ left: (400 / count) * index, right: (400 / count) * (index + 1) }));
const ROWS: Row[] = [
  { section: 0, row: 0, top: 0, bottom: 60, cells: cells(2) },
  { section: 0, row: 1, top: 70, bottom: 130, cells: cells(1) },
  { section: 1, row: 0, top: 180, bottom: 240, cells: cells(4) },
];

test.each([
  ["the middle of a cell, above its half", 100, 20, { section: 0, row: 0 }],
  ["the middle of a cell, below its half", 100, 50, { section: 0, row: 1 }],
  ["left of a cell", 10, 30, { section: 0, row: 0, cell: 0 }],
  ["right of a cell", 190, 30, { section: 0, row: 0, cell: 1 }],
  ["right of the last", 399, 30, { section: 0, row: 0, cell: 2 }],
  ["left of one that stands alone", 20, 100, { section: 0, row: 1, cell: 0 }],
  ["a full row", 5, 200, { section: 1, row: 0 }],
  ["between sections", 100, 150, { section: 1, row: 0 }],
  ["below everything", 100, 900, { section: 1, row: 1 }],
])("%s", (_where, x, y, place) => {
  expect(targetAt(x, y, ROWS, BOX)?.place).toEqual(place);
});

test("a form without rows, and a section without rows", () => {
  expect(targetAt(1, 1, [], BOX)).toBeNull();
  expect(targetIn(2, BOX).place).toEqual({ section: 2, row: 0 });
});
