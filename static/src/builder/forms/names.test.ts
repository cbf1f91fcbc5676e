import { describe, expect, test } from "vitest";
import { apply, invert } from "../model/edits";
import { at, type JsonObject } from "../model/json";
import { formulaRewritten, mentionsOf, namesInFormula, renamed } from "./names";

const REFUND: JsonObject = {
  fields: [
    { key: "order", type: "lookup", form: "sales_order", fill: { paid: "total" }, filter: { tier: { eq: { field: "tier" } }, paid: "9" } },
    { key: "paid", type: "money" },
    { key: "tier", type: "choice" },
    {
      key: "lines",
      type: "table",
      columns: [
        { key: "product", type: "lookup", form: "product", fill: { price: "list_price" } },
        { key: "quantity", type: "integer" },
        { key: "price", type: "money" },
        { key: "total", type: "money", compute: "quantity * price" },
      ],
    },
    { key: "total", type: "money", compute: 'IF(tier = "paid", 0, SUM(lines.total) - paid)' },
  ],
  layout: [{ title: "All", rows: [["order", { field: "paid", width: 4 }], ["lines"], ["total"]] }],
  rules: [
    { when: { any: [{ tier: "vip" }, { paid: { gt: { field: "total" } } }] }, show: ["paid", "lines.price"], set: { paid: "ROUND(paid, 2)" } },
    { check: "quantity > 0", at: "lines.quantity", message: "More" },
    { duplicate: { fields: ["order", "paid"] } },
  ],
  summary: ["order", "paid"],
  public: { fill: true, status: ["number", "paid"], later: ["paid"] },
  extra_of_a_plugin: { paid: "stays" },
};

describe("names in formulas", () => {
  test.each([
    ["a + b", ["a", "b"]],
    ['IF(tier = "tier", lines.total, 0)', ["tier", "lines.total"]],
    ["SUM (lines.total)×rate％", ["lines.total", "rate"]],
    ["TRUE & “text” & x", ["x"]],
    ['"say ""x""" & y', ["y"]],
    ['"open', ["open"]],
    ["DAYS（ordered_on，TODAY()）", ["ordered_on"]],
  ])("%s", (text, names) => {
    expect(namesInFormula(text)).toEqual(names);
    expect(formulaRewritten(text, (name) => name)).toBe(text);
  });

  test("a column stands for itself inside of its table", () => {
    const scope = { table: "lines", columns: new Set(["quantity"]) };
    expect(namesInFormula("quantity * rate", scope)).toEqual(["lines.quantity", "rate"]);
  });
});

describe("a field gets another key", () => {
  test("everywhere", () => {
    const edit = renamed(REFUND, "paid", "amount_paid");
    const after = apply(REFUND, edit) as JsonObject;
    expect(after).toMatchObject({
      fields: [{ fill: { amount_paid: "total" }, filter: { paid: "9" } }, { key: "amount_paid" }, {}, {}, { compute: 'IF(tier = "paid", 0, SUM(lines.total) - amount_paid)' }],
      layout: [{ rows: [["order", { field: "amount_paid", width: 4 }], ["lines"], ["total"]] }],
      rules: [
        { when: { any: [{ tier: "vip" }, { amount_paid: { gt: { field: "total" } } }] }, show: ["amount_paid", "lines.price"], set: { amount_paid: "ROUND(amount_paid, 2)" } },
        {},
        { duplicate: { fields: ["order", "amount_paid"] } },
      ],
      summary: ["order", "amount_paid"],
      public: { status: ["number", "amount_paid"], later: ["amount_paid"] },
      extra_of_a_plugin: { paid: "stays" },
    });
    expect(apply(after, invert(REFUND, edit))).toEqual(REFUND);
  });

  test("the field that is only compared with in a filter", () => {
    const after = apply(REFUND, renamed(REFUND, "tier", "level")) as JsonObject;
    expect(at(after, ["fields", 0, "filter"])).toEqual({ tier: { eq: { field: "level" } }, paid: "9" });
  });

  test("a column, beside a field that is called the same", () => {
    const after = apply(REFUND, renamed(REFUND, "lines.total", "sum")) as JsonObject;
    expect(after["fields"]).toMatchObject([{ fill: { paid: "total" } }, {}, {}, { columns: [{}, {}, {}, { key: "sum" }] }, { key: "total", compute: 'IF(tier = "paid", 0, SUM(lines.sum) - paid)' }]);
  });

  test("a column in the formulas, fills and checks of its table", () => {
    const after = apply(REFUND, renamed(REFUND, "lines.price", "unit_price")) as JsonObject;
    expect(after["fields"]).toMatchObject([{}, {}, {}, { columns: [{ fill: { unit_price: "list_price" } }, {}, { key: "unit_price" }, { compute: "quantity * unit_price" }] }, {}]);
    const counted = apply(after, renamed(after, "lines.quantity", "count")) as JsonObject;
    expect(counted["rules"]).toMatchObject([{}, { check: "count > 0", at: "lines.count" }, {}]);
  });

  test("a table, with all that names its columns", () => {
    const after = apply(REFUND, renamed(REFUND, "lines", "items")) as JsonObject;
    expect(after).toMatchObject({
      fields: [{}, {}, {}, { columns: [{}, {}, {}, { compute: "quantity * price" }] }, { compute: 'IF(tier = "paid", 0, SUM(items.total) - paid)' }],
      rules: [{ show: ["paid", "items.price"] }, { check: "quantity > 0", at: "items.quantity" }, {}],
    });
  });
});

test("a condition on the rows of a table", () => {
  const document: JsonObject = {
    fields: [{ key: "rate", type: "money" }, { key: "lines", type: "table", columns: [{ key: "rate", type: "money" }] }],
    rules: [{ when: { lines: { any: { rate: { gt: "1" } } }, rate: { field: "rate" } }, show: ["lines"] }],
  };
  const renamedColumn = apply(document, renamed(document, "lines.rate", "price")) as JsonObject;
  expect(at(renamedColumn, ["rules", 0, "when"])).toEqual({ lines: { any: { price: { gt: "1" } } }, rate: { field: "rate" } });
  const renamedField = apply(document, renamed(document, "rate", "price")) as JsonObject;
  expect(at(renamedField, ["rules", 0, "when"])).toEqual({ lines: { any: { rate: { gt: "1" } } }, price: { field: "price" } });
  expect(at(apply(document, renamed(document, "lines", "items")), ["rules", 0, "when"])).toMatchObject({ items: { any: { rate: { gt: "1" } } } });
});

test("what names a field", () => {
  const count = (name: string): Record<string, number> => {
    const found: Record<string, number> = {};
    for (const { what } of mentionsOf(REFUND, name)) found[what] = (found[what] ?? 0) + 1;
    return found;
  };
  expect(count("paid")).toEqual({ fill: 1, formula: 1, layout: 1, rule: 4, summary: 1, public: 2 });
  expect(count("lines.quantity")).toEqual({ formula: 1, rule: 2 });
  expect(count("order")).toEqual({ layout: 1, rule: 1, summary: 1 });
});
