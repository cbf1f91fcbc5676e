import { expect, it } from "vitest";
import { apply } from "../model/edits";
import type { JsonObject } from "../model/json";
import { intoTable, nextTable, outOfTable } from "./tables";

const FORM: JsonObject = {
  fields: [
    { key: "note", type: "text" },
    { key: "price", type: "money" },
    { key: "lines", type: "table", columns: [{ key: "pieces", type: "integer" }, { key: "note", type: "text" }, { key: "sum", type: "money", compute: "pieces * 2" }] },
    { key: "total", type: "money", compute: "SUM(lines.sum) + price" },
  ],
  layout: [{ rows: [["note", "price"], ["lines"], ["total"]] }],
  rules: [{ when: { price: { gt: "5" } }, require: ["price", "note"] }],
};

it("makes a field a column, and what speaks of it follows", () => {
  const made = intoTable(FORM, "price", { table: "lines", column: 1 });
  expect(made?.name).toBe("lines.price");
  expect(made?.path).toEqual(["fields", 1, "columns", 1]);
  const after = apply(FORM, made!.edit) as JsonObject;
  expect(after["fields"]).toEqual([
    { key: "note", type: "text" },
    { key: "lines", type: "table", columns: [{ key: "pieces", type: "integer" }, { key: "price", type: "money" }, { key: "note", type: "text" }, { key: "sum", type: "money", compute: "pieces * 2" }] },
    { key: "total", type: "money", compute: "SUM(lines.sum) + lines.price" },
  ]);
  expect(after["layout"]).toEqual([{ rows: [["note"], ["lines"], ["total"]] }]);
  expect(after["rules"]).toEqual([{ when: { "lines.price": { gt: "5" } }, require: ["lines.price", "note"] }]);
});

it("gives a key that is taken another number", () => {
  const made = intoTable(FORM, "note", { table: "lines", column: 9 });
  expect(made?.name).toBe("lines.note_2");
  expect(made?.path).toEqual(["fields", 1, "columns", 3]);
});

it("makes a column a field below its table", () => {
  const made = outOfTable(FORM, "lines.pieces");
  const after = apply(FORM, made!.edit) as JsonObject;
  expect(made?.name).toBe("pieces");
  expect((after["fields"] as JsonObject[]).map((each) => each["key"])).toEqual(["note", "price", "lines", "pieces", "total"]);
  expect(after["layout"]).toEqual([{ rows: [["note", "price"], ["lines"], ["pieces"], ["total"]] }]);
});

it("comes back to the very document, there and back", () => {
  const there = intoTable(FORM, "price", { table: "lines", column: 0 })!;
  const inside = apply(FORM, there.edit) as JsonObject;
  const back = apply(inside, outOfTable(inside, "lines.price")!.edit) as JsonObject;
  expect(back["rules"]).toEqual(FORM["rules"]);
  expect((back["fields"] as JsonObject[]).find((each) => each["key"] === "total")).toEqual((FORM["fields"] as JsonObject[])[3]);
});

it.each([
  ["a table", "lines", "lines"],
  ["a column of that table", "lines.sum", "lines"],
  ["what is not there", "nothing", "lines"],
  ["into what is no table that is there", "note", "nothing"],
])("does not take %s", (_what, name, table) => {
  expect(intoTable(FORM, name, { table, column: 0 })).toBeNull();
});

it("finds the table behind and in front", () => {
  expect(nextTable(FORM, "note", 1)?.key).toBe("lines");
  expect(nextTable(FORM, "total", -1)?.key).toBe("lines");
  expect(nextTable(FORM, "total", 1)).toBeUndefined();
});
