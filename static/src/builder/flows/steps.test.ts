import { beforeEach, describe, expect, it } from "vitest";
import { at, type JsonObject } from "../model/json";
import { setLanguage } from "../words";
import { drawing } from "./drawing";
import { rightOf, rowsOf, setRight } from "./rights";
import { conditionInWords, linesOf, type Names, selectorInWords } from "./saying";
import { fresh, idsIn, newBranch, offers, placeOfBranch, titleOfBand } from "./steps";
import { apply } from "../model/edits";
import { takes } from "./times";
import { readTree } from "./tree";

beforeEach(() => setLanguage("en"));

const FORM: JsonObject = {
  fields: [
    { key: "kind", type: "choice", label: { en: "Kind", zh: "类型" }, options: [{ value: "a", label: "First" }, { value: "b", label: "Second" }] },
    { key: "paid", type: "money", currency: "CNY", label: "Paid" },
    { key: "amount", type: "money", currency: "CNY", label: { en: "Amount", zh: "金额" }, compute: "paid" },
    { key: "lines", type: "table", label: "Lines", columns: [{ key: "quantity", type: "integer", label: "Quantity" }] },
  ],
  layout: [{ title: "All", rows: [["kind", "paid"], ["amount", "lines"]] }],
};
const CATALOGUE = {
  roles: [{ key: "admin", name: "Administrators", members: ["ada"] }, { key: "finance", name: "Finance", members: ["fang"] }],
  departments: [{ key: "shop", name: "Shop", parent: null, head: null }],
  people: [{ key: "amy", name: "Amy Chen", department: null, manager: null, active: true }],
  actions: [{ name: "refund.pay", label: "Pay back", help: "", fields: [], results: [] }],
  templates: [{ key: "done", name: "Done" }],
  selectors: [],
  facts: [],
};

function names(document: JsonObject): Names {
  return { catalogue: CATALOGUE, form: FORM, tree: readTree(document) };
}

it.each([
  ["lead", [], "lead"],
  ["lead", ["lead"], "lead_2"],
  ["lead_2", ["lead", "lead_2"], "lead_3"],
  ["Pay back!", [], "pay_back"],
  ["审批", [], "step"],
])("a fresh id for %s beside %j is %s", (base, taken, expected) => expect(fresh(base, new Set(taken))).toBe(expected));

it("offers steps that are whole: an id of their own, a title in both languages, a deadline where people act", () => {
  const document: JsonObject = { steps: [{ id: "approve", kind: "approve" }] };
  for (const offer of offers(CATALOGUE)) {
    const step = offer.make({ document, form: FORM, catalogue: CATALOGUE });
    expect(idsIn(document).has(String(step["id"]))).toBe(false);
    expect(step["id"]).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(step["title"]).toBeTruthy();
    if (step["kind"] === "approve" || step["kind"] === "work") expect(at(step, ["due", "remind"])).toEqual(["-PT1H", "PT0S"]);
  }
  const made = Object.fromEntries(offers(CATALOGUE).map((offer) => [offer.name, offer.make({ document, form: FORM, catalogue: CATALOGUE })]));
  expect(made["approve"]?.["id"]).toBe("approve_2");
  expect(made["approve_role"]?.["who"]).toEqual([{ role: "finance" }]);
  expect(made["approve_limit"]?.["who"]).toEqual([{ manager_with_limit: "amount" }]);
  expect(at(made["bands"] ?? {}, ["branches", 1, "when"])).toEqual({ amount: { gte: "1000" } });
  expect(at(made["route"] ?? {}, ["branches", 0, "when"])).toEqual({ kind: "a" });
  expect(made["action refund.pay"]).toMatchObject({ id: "refund_pay", kind: "action", do: "refund.pay" });
});

it("adds branches before the one that is taken otherwise", () => {
  const route: JsonObject = { kind: "route", branches: [{ id: "a", when: {}, steps: [] }] };
  expect(newBranch(route, FORM)).toMatchObject({ id: "otherwise", otherwise: true });
  const whole: JsonObject = { kind: "route", branches: [{ id: "a", when: {}, steps: [] }, { id: "o", otherwise: true, steps: [] }] };
  expect(newBranch(whole, FORM)).toMatchObject({ id: "way_3", when: { kind: { empty: false } } });
  expect([placeOfBranch(route), placeOfBranch(whole)]).toEqual([1, 1]);
  expect(titleOfBand("200", "5000.50")).toEqual({ en: "200 to 5,000.50", zh: "200 至 5,000.50" });
});

describe("what is said", () => {
  it.each([
    [{ role: "finance" }, "Finance"],
    [{ role: "finance", of: "submitter.department" }, "Finance in the submitter’s department"],
    [{ manager: 1 }, "the submitter’s manager"],
    [{ manager: 2 }, "the manager 2 levels up"],
    [{ manager_with_limit: "amount" }, "up to whose limit covers Amount"],
    [{ head_of: "shop" }, "head of Shop"],
    [{ person: "amy" }, "Amy Chen"],
    [{ approver_of: "lead" }, "who decided “Lead”"],
    [{ submitter: true }, "the submitter"],
    [{ on_duty: "today" }, "on_duty today"],
  ])("%j: %s", (selector, expected) => {
    expect(selectorInWords(selector, names({ steps: [{ id: "lead", kind: "approve", title: "Lead" }] }))).toBe(expected);
  });

  it.each([
    [{ amount: { gte: "200", lt: "5000" } }, "Amount is at least ¥200.00 and Amount is less than ¥5,000.00"],
    [{ kind: ["a", "b"] }, "Kind is one of First, Second"],
    [{ any: [{ kind: "a" }, { amount: { empty: true } }] }, "Kind is First or Amount is empty"],
    [{ not: { kind: "a" } }, "not (Kind is First)"],
    [{ amount: { gt: { field: "paid" } } }, "Amount is more than Paid"],
    [{ all: [] }, "always"],
    [{ amount: { near: "5" } }, 'Amount near "5"'],
  ])("%j: %s", (when, expected) => expect(conditionInWords(when, names({ steps: [] }))).toBe(expected));

  it("says who and by when on a card, and that nothing is said", () => {
    const document: JsonObject = {
      steps: [
        { id: "a", kind: "approve", who: [{ role: "finance" }, { person: "amy" }], mode: "vote", share: "0.5", due: { in: "PT4H", clock: "always" } },
        { id: "b", kind: "work", who: [] },
      ],
    };
    const [one, other] = readTree(document).steps.map((step) => linesOf(step, names(document)).map((line) => `${line.sort}: ${line.text}`));
    expect(one).toEqual(["who: Finance, Amy Chen · vote, 50% must agree", "due: 4 h around the clock"]);
    expect(other).toEqual(["missing: Nobody is named", "missing: No deadline"]);
  });
});

it("keeps rights short: to read goes without saying, except below a table that says more", () => {
  const document: JsonObject = { steps: [{ id: "a", kind: "work", fields: { lines: "edit" } }] };
  const set = (from: JsonObject, key: string, right: "read" | "edit"): JsonObject => {
    const [step] = readTree(from).steps;
    return apply(from, setRight(from, step!, key, right)) as JsonObject;
  };
  const kept = set(document, "lines.quantity", "read");
  expect(at(kept, ["steps", 0, "fields"])).toEqual({ lines: "edit", "lines.quantity": "read" });
  expect(at(set(document, "lines", "read"), ["steps", 0, "fields"])).toBeUndefined();
  expect(rightOf(readTree(document).steps[0]!, "paid")).toBe("read");
  expect(rowsOf(FORM, ["gone"]).map((row) => `${row.key} ${row.section}${row.isComputed ? " computed" : ""}`)).toEqual([
    "kind All", "paid All", "amount All computed", "lines All", "lines.quantity All", "gone ",
  ]);
});

it("gives rights to what a field is made of, whatever its type", () => {
  const fields = [{ key: "proofs", type: "of_a_plugin", label: "Proofs", items: [{ key: "photos", label: "Photos" }, { key: "ticket" }] }];
  expect(rowsOf({ fields }).map((row) => `${row.key} ${row.label}${row.isPart ? " part" : ""}`)).toEqual([
    "proofs Proofs", "proofs.photos Photos part", "proofs.ticket ticket part",
  ]);
});

it("says minutes of working time in days as long as the calendar has them", () => {
  const length = { shortest: 30, longest: 1230, day: 450, open_ended: [] };
  expect(takes(length)).toBe("30 min to 2 d 5 h");
  expect(takes({ ...length, day: 480 })).toBe("30 min to 2 d 4 h");
  expect(takes({ ...length, shortest: 1230 })).toBe("takes 2 d 5 h");
  expect(takes({ ...length, longest: 0 })).toBe("no time limits");
});

it("draws owner, inputs, outputs and time of each step, and escapes what people wrote", () => {
  const document: JsonObject = {
    steps: [
      { id: "a", kind: "work", title: "Check <b> & pay", who: [{ role: "finance" }], fields: { paid: "required", kind: "read" }, due: { in: "PT4H" } },
      { id: "p", kind: "action", do: "refund.pay", with: { amount: { field: "amount" } }, into: { kind: "x" } },
    ],
  };
  const { svg, width, height } = drawing(names(document), "Refunds");
  const read = new DOMParser().parseFromString(svg, "image/svg+xml");
  expect(read.querySelector("parsererror")).toBeNull();
  const texts = [...read.querySelectorAll("text")].map((each) => each.textContent);
  expect(texts).toEqual(expect.arrayContaining([
    "Refunds", "Check <b> & pay", "Owner: Finance", "Time: 4 h of working time", "Inputs: Kind", "Outputs: Paid", "Pay back", "Inputs: Amount", "Outputs: Kind",
  ]));
  expect(width).toBeGreaterThan(300);
  expect(height).toBeGreaterThan(300);
});
