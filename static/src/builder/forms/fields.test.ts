import { describe, expect, test } from "vitest";
import type { Catalogue, Option, TypeInfo } from "../model/boot";
import { apply, invert } from "../model/edits";
import { at, type Json, type JsonObject } from "../model/json";
import { addColumn, addField, changeType, duplicate, keyFollows, removeField } from "./fields";
import { orderOf } from "./layout";
import { fieldsOf, findField, type Spot } from "./outline";
import { copyRule, newRule, addRule, ruleFor, rulesAbout, setFormula } from "./rules";
import { counted, usedBy } from "./uses";

const option = (name: string, kind: Option["kind"], rest: Partial<Option> = {}): Option => ({ name, kind, label: name, help: "", required: false, ...rest });
const type = (name: string, sort: string, options: Option[] = []): TypeInfo => ({ name, sort, options, label: name, help: "", icon: "", group: "text", column: true, computed: true });
const TYPES = {
  text: type("text", "text", [option("max_length", "number")]),
  long_text: type("long_text", "text", [option("max_length", "number")]),
  money: type("money", "number", [option("min", "number", { decimal: true })]),
  choice: type("choice", "choice", [option("options", "choices", { required: true })]),
  table: type("table", "table", [option("min_rows", "number")]),
  lookup: type("lookup", "reference", [option("form", "form", { required: true })]),
  order_number: type("order_number", "text", [option("prefix", "choice", { required: true, choices: [{ value: "WEB", label: "Web" }] })]),
};
const catalogue = { types: Object.values(TYPES), forms: [{ key: "trip", title: "", fields: [] }, { key: "order", title: "", fields: [] }] } as unknown as Catalogue;
const maker = { catalogue, tongue: "en" } as const;

const TRIP: JsonObject = {
  key: "trip",
  fields: [
    { key: "text", type: "text", label: { en: "text" } },
    { key: "cost", type: "money", label: "Cost", min: "0" },
    { key: "lines", type: "table", columns: [{ key: "km", type: "money" }, { key: "sum", type: "money", compute: "km * 2" }] },
  ],
  layout: [{ rows: [["text", "cost"]] }, { title: "B", rows: [["lines"]] }],
  rules: [{ when: { cost: { gt: "5" } }, show: ["text"], note_of_a_plugin: 1 }, { when: { text: "x" }, require: ["cost", "text"], set: { text: "cost" } }, { check: "km > 0", at: "lines.km" }],
  summary: ["text"],
};
const FLOW: JsonObject = {
  key: "trip_flow",
  settings: { material: ["cost"], owner: { field: "text" } },
  steps: [
    { id: "lead", kind: "approve", who: [{ manager_with_limit: "cost" }], fields: { "lines.km": "edit" } },
    {
      id: "how_much", kind: "route",
      branches: [
        { id: "little", when: { cost: { lt: "5" } }, steps: [{ id: "pay", kind: "action", with: { sum: { formula: "cost + 1" } }, into: { text: "paid_at" } }] },
        { id: "much", title: "Much", when: { all: [{ cost: { gte: "5" } }, { text: { field: "cost" } }] }, steps: [] },
      ],
    },
  ],
  cases: [{ name: "usual", values: { cost: "3" } }],
}; // prettier-ignore

const after = (document: JsonObject, edit: Parameters<typeof apply>[1]): JsonObject => {
  const made = apply(document, edit) as JsonObject;
  expect(apply(made, invert(document, edit))).toEqual(document);
  return made;
};

describe("a new field", () => {
  test.each<[TypeInfo, Json]>([
    [TYPES.text, { key: "text_2", type: "text", label: { en: "text" } }],
    [TYPES.money, { key: "money", type: "money", label: { en: "money" } }],
    [TYPES.choice, { key: "choice", type: "choice", label: { en: "choice" }, options: [{ value: "option_1", label: { en: "Option 1" } }, { value: "option_2", label: { en: "Option 2" } }] }],
    [TYPES.table, { key: "table", type: "table", label: { en: "table" }, columns: [{ key: "text", type: "text", label: { en: "text" } }] }],
    [TYPES.lookup, { key: "lookup", type: "lookup", label: { en: "lookup" }, form: "order" }],
    [TYPES.order_number, { key: "order_number", type: "order_number", label: { en: "order_number" }, prefix: "WEB" }],
  ])("$name", (of, field) => {
    const made = addField(TRIP, of, maker);
    const document = after(TRIP, made.edit);
    expect(at(document, made.path)).toEqual(field);
    expect(orderOf(document).at(-1)).toBe(made.name);
  });

  test("below another, in the layout and in the list", () => {
    const made = addField(TRIP, TYPES.money, maker, undefined, "text");
    const document = after(TRIP, made.edit);
    expect(orderOf(document)).toEqual(["text", "cost", "money", "lines"]);
    expect(fieldsOf(document).map(({ key }) => key)).toEqual(["text", "money", "cost", "lines"]);
  });

  test("where it is dropped", () => {
    const made = addField(TRIP, TYPES.money, maker, { section: 0, row: 0, cell: 1 });
    const document = after(TRIP, made.edit);
    expect(at(document, ["layout", 0, "rows", 0])).toEqual(["text", "money", "cost"]);
    expect(made.path).toEqual(["fields", 1]);
    expect(addField(TRIP, TYPES.money, maker, { section: 0, row: 0 }).path).toEqual(["fields", 0]);
  });

  test("the first of all", () => {
    const made = addField({ key: "new" }, TYPES.text, maker);
    expect(after({ key: "new" }, made.edit)).toEqual({ key: "new", fields: [{ key: "text", type: "text", label: { en: "text" } }] });
  });

  test("a column", () => {
    const made = addColumn(TRIP, "lines", TYPES.money, maker);
    expect(made && at(after(TRIP, made.edit), made.path)).toMatchObject({ key: "money" });
    expect(made?.name).toBe("lines.money");
  });
});

test("a copy stands below with a key of its own", () => {
  const made = duplicate(TRIP, "cost", (label) => `${label} (copy)`);
  const document = made && after(TRIP, made.edit);
  expect(document && at(document, made.path)).toEqual({ key: "cost_2", type: "money", label: "Cost (copy)", min: "0" });
  expect(document && orderOf(document)).toEqual(["text", "cost", "cost_2", "lines"]);
  expect(duplicate(TRIP, "lines.km", (label) => label)?.path).toEqual(["fields", 2, "columns", 1]);
});

describe("a field that goes", () => {
  test("leaves lists and layout; rules without effect go with it", () => {
    const document = after(TRIP, removeField(TRIP, "text"));
    expect(document["layout"]).toEqual([{ rows: [["cost"]] }, { title: "B", rows: [["lines"]] }]);
    expect(document["rules"]).toEqual([{ when: { text: "x" }, require: ["cost"] }, { check: "km > 0", at: "lines.km" }]);
    expect(document["summary"]).toEqual([]);
  });

  test("a row that it had alone goes", () => {
    const document = after(TRIP, removeField(TRIP, "lines"));
    expect(document["layout"]).toEqual([{ rows: [["text", "cost"]] }, { title: "B", rows: [] }]);
  });

  test("a column", () => {
    const document = after(TRIP, removeField(TRIP, "lines.km"));
    expect(at(document, ["fields", 2, "columns"])).toEqual([{ key: "sum", type: "money", compute: "km * 2" }]);
    expect(at(document, ["rules", 2])).toEqual({ check: "km > 0" });
  });
});

describe("what uses a field", () => {
  const uses = (name: string): object => Object.fromEntries(counted(usedBy(TRIP, [FLOW], name)));
  test.each([
    ["cost", { rule: 2, flow_setting: 1, step: 2, branch: 2, case: 1 }],
    ["text", { rule: 2, summary: 1, flow_setting: 1, step: 1, branch: 1 }],
    ["lines.km", { formula: 1, rule: 1, step: 1 }],
    ["lines.sum", {}],
    ["lines", { formula: 1, rule: 1, step: 1 }],
  ])("%s", (name, expected) => {
    expect(uses(name)).toEqual(expected);
  });
});

test("another type keeps what it knows", () => {
  const document: JsonObject = { fields: [{ key: "a", type: "text", max_length: 5, default: "x", required: true, from_a_plugin: 1, label: "A" }] };
  const spot = findField(document, "a") as Spot;
  expect(at(after(document, changeType(document, spot, TYPES.long_text, maker)), spot.path)).toEqual({ key: "a", type: "long_text", max_length: 5, default: "x", required: true, from_a_plugin: 1, label: "A" });
  expect(at(after(document, changeType(document, spot, TYPES.choice, maker)), spot.path)).toMatchObject({ type: "choice", required: true, from_a_plugin: 1, options: [{ value: "option_1" }, {}] });
  expect(at(after(document, changeType(document, spot, TYPES.money, maker)), spot.path)).toEqual({ key: "a", type: "money", required: true, from_a_plugin: 1, label: "A" });
});

describe("a key follows its label", () => {
  const follow = (name: string, label: string, before: string, published: string[] = []): string | undefined => {
    const edit = keyFollows(TRIP, findField(TRIP, name) as Spot, label, before, new Set(published));
    return edit ? fieldsOf(after(TRIP, edit)).map(({ key }) => key).join() : undefined;
  };
  test.each([
    ["while nobody chose it", "text", "Carrier", "text", [], "carrier,cost,lines"],
    ["made from the label before", "cost", "All costs", "Cost", [], "text,all_costs,lines"],
    ["but never of another field", "text", "Cost!", "text", [], "cost_2,cost,lines"],
    ["not where it is published", "text", "Carrier", "text", ["text"], undefined],
    ["not where it was chosen", "cost", "Carrier", "Price", [], undefined],
    ["not for Chinese alone", "text", "承运商", "text", [], undefined],
  ])("%s", (_why, name, label, before, published, keys) => {
    expect(follow(name, label, before, published)).toBe(keys);
  });
});

describe("rules", () => {
  test("come, are copied and say what they do", () => {
    const made = addRule(TRIP, newRule("check", "cost"));
    const document = after(TRIP, made.edit);
    expect(at(document, made.path)).toEqual({ check: {}, at: "cost", message: {} });
    const copied = copyRule(document, 0);
    expect(copied && at(after(document, copied), ["rules", 1])).toEqual(at(TRIP, ["rules", 0]));
    expect(rulesAbout(TRIP, "text")).toEqual([{ index: 0, does: ["show"] }, { index: 1, does: ["require", "set"] }]);
  });

  test("of a form that has none", () => {
    const made = ruleFor({ fields: [] }, "a", ["show", "require"], { path: "return" });
    expect(after({ fields: [] }, made.edit)["rules"]).toEqual([{ when: { path: "return" }, show: ["a"], require: ["a"] }]);
  });

  test("the last formula takes “set” along", () => {
    const rule = { set: { a: "1" } };
    const document: JsonObject = { rules: [rule] };
    expect(apply(document, setFormula(rule, ["rules", 0], "b", "2"))).toEqual({ rules: [{ set: { a: "1", b: "2" } }] });
    expect(apply(document, setFormula(rule, ["rules", 0], "a", undefined))).toEqual({ rules: [{}] });
  });
});
