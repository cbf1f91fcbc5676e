import { describe, expect, it } from "vitest";
import { apply } from "../model/edits";
import { at, type Json, type JsonObject } from "../model/json";
import { type Bands, bandOf, faults, fieldOfBands, fixes, marks, moveBound, readBands, removeBand, type Scale, splitBand, splits } from "./bands";
import { readTree } from "./tree";

const YUAN: Scale = { field: "amount", places: 2, min: { value: "0", closed: true }, max: null };
const ANY: Scale = { field: "amount", places: null, min: null, max: null };

function flow(whens: readonly (Json | "otherwise")[], more: JsonObject = {}): JsonObject {
  const branches = whens.map((when, index) => ({
    id: `b${index}`,
    ...(when === "otherwise" ? { otherwise: true } : { when }),
    steps: [],
  }));
  return { steps: [{ id: "level", kind: "route", branches, ...more }] };
}

function read(document: JsonObject, scale: Scale = YUAN): Bands {
  const route = readTree(document).steps[0];
  const found = route && readBands(route, scale);
  if (!found) throw new Error("no bands");
  return found;
}

/** `gap [200 300) at 200.00`, ends in the notation of mathematics. */
function told(document: JsonObject, scale: Scale = YUAN): string[] {
  return faults(read(document, scale)).map(({ sort, low, high, example, branches }) => {
    const start = low === null ? "(" : `${low.closed ? "[" : "("}${low.value}`;
    const end = high === null ? ")" : `${high.value}${high.closed ? "]" : ")"}`;
    return `${sort} ${start} ${end} ${branches.join("+")} at ${example}`;
  });
}

describe("what is wrong with bands", () => {
  it.each<[string, Json[], string[]]>([
    ["nothing", [{ amount: { lt: "200" } }, { amount: { gte: "200" } }], []],
    ["neighbours of a currency leave nothing between", [{ amount: { lte: "199.99" } }, { amount: { gte: "200" } }], []],
    ["the border is lost", [{ amount: { lt: "5000" } }, { amount: { gt: "5000" } }], ["gap [5000 5000.01) 0+1 at 5000.00"]],
    ["the border is taken twice", [{ amount: { lte: "200" } }, { amount: { gte: "200" } }], ["overlap [200 200.01) 0+1 at 200.00"]],
    ["a hole", [{ amount: { lt: "200" } }, { amount: { gte: "300" } }], ["gap [200 300) 0+1 at 200.00"]],
    ["nobody takes the most", [{ amount: { lt: "200" } }, { amount: { gte: "200", lt: "500" } }], ["gap [500 ) 1 at 500.00"]],
    ["nobody takes the least", [{ amount: { gte: "10" } }], ["gap [0 10) 0 at 0.00"]],
    ["one value alone", [{ amount: { lt: "5" } }, { amount: "5" }, { amount: { gt: "5" } }], []],
    ["parts under “all”", [{ amount: { lt: "5" } }, { all: [{ amount: { gte: "5" } }, { amount: { lt: "9" } }] }, { amount: { gte: "9" } }], []],
    ["numbers as well as texts", [{ amount: { lt: 5 } }, { amount: { gte: 5 } }], []],
    ["one inside of another", [{ amount: { lt: "900" } }, { amount: { gte: "100", lt: "200" } }, { amount: { gte: "900" } }], ["overlap [100 200) 0+1 at 100.00"]],
    ["a blank one beside", [{ amount: { empty: true } }, { amount: { gte: "0" } }], []],
    ["what is taken otherwise has no gap", [{ amount: { lt: "200" } }, "otherwise"], []],
  ])("%s", (_name, whens, expected) => {
    expect(told(flow(whens))).toEqual(expected);
  });

  it("keeps open and closed ends apart where there are always values between", () => {
    expect(told(flow([{ amount: { lte: "199.99" } }, { amount: { gte: "200" } }]), ANY)).toEqual(["gap (199.99 200) 0+1 at 199.995"]);
    expect(told(flow([{ amount: { lt: "200" } }, { amount: { gt: "200" } }]), ANY)).toEqual(["gap [200 200] 0+1 at 200"]);
  });

  it("is exact with more digits than a double has", () => {
    const wide: Scale = { ...YUAN, places: 10 };
    const whens = [{ amount: { lt: "90071992547409930.0000000001" } }, { amount: { gte: "90071992547409930.0000000002" } }];
    expect(told(flow(whens), wide)).toEqual([
      "gap [90071992547409930.0000000001 90071992547409930.0000000002) 0+1 at 90071992547409930.0000000001",
    ]);
  });

  it("calls no overlap wrong where the first wins", () => {
    expect(told(flow([{ amount: { lte: "200" } }, { amount: { gte: "200" } }], { hit: "first" }))).toEqual([]);
  });
});

it.each<[string, Json[], string | null]>([
  ["bands of one field", [{ amount: { lt: "2" } }, "otherwise"], "amount"],
  ["two fields", [{ amount: { lt: "2" }, path: "a" }], null],
  ["different fields", [{ amount: { lt: "2" } }, { paid: { lt: "2" } }], null],
  ["groups", [{ any: [{ amount: { lt: "2" } }] }], null],
  ["nothing but otherwise", ["otherwise"], null],
])("which field they are over: %s", (_name, whens, field) => {
  const route = readTree(flow(whens)).steps[0];
  expect(route && fieldOfBands(route)).toBe(field);
});

it.each<Json>([{ amount: { lt: { field: "paid" } } }, { amount: { ne: "2" } }, { amount: ["1", "2"] }, { amount: { gt: "1", gte: "2" } }])(
  "leaves other conditions to their rows: %j",
  (when) => {
    const route = readTree(flow([when])).steps[0];
    expect(route && readBands(route, YUAN)).toBeNull();
  },
);

const LEVELS = (): JsonObject => ({
  steps: [
    {
      id: "level",
      kind: "route",
      from_a_plugin: 1,
      branches: [
        { id: "small", title: { en: "under 200", zh: "200 以下" }, when: { amount: { lt: "200" } }, steps: [], note: "kept" },
        { id: "medium", title: { en: "200 to 5,000", zh: "200 至 5000" }, when: { amount: { gte: "200", lt: "5000" } }, steps: [] },
        { id: "large", title: { en: "5,000 and more", zh: "5000 及以上" }, when: { amount: { gte: "5000" } }, steps: [] },
      ],
    },
  ],
});
const branches = (document: Json): JsonObject[] => at(document, ["steps", 0, "branches"]) as JsonObject[];

describe("edits", () => {
  it("moves a border on both sides, and the numbers in the titles", () => {
    const document = LEVELS();
    const bands = read(document);
    const next = apply(document, moveBound(bands, bands.bands[1]!, "low", { value: "300", closed: true }));
    expect(branches(next).map((branch) => [branch["title"], branch["when"]])).toEqual([
      [{ en: "under 300", zh: "300 以下" }, { amount: { lt: "300" } }],
      [{ en: "300 to 5,000", zh: "300 至 5000" }, { amount: { gte: "300", lt: "5000" } }],
      [{ en: "5,000 and more", zh: "5000 及以上" }, { amount: { gte: "5000" } }],
    ]);
    expect(branches(next)[0]?.["note"]).toBe("kept");
    expect(at(next, ["steps", 0, "from_a_plugin"])).toBe(1);
  });

  it("writes a title with commas as it was", () => {
    const document = LEVELS();
    const bands = read(document);
    const next = apply(document, moveBound(bands, bands.bands[1]!, "high", { value: "20000", closed: false }));
    expect(branches(next).map((branch) => at(branch, ["title", "en"]))).toEqual(["under 200", "200 to 20,000", "20,000 and more"]);
    expect(branches(next).map((branch) => at(branch, ["title", "zh"]))).toEqual(["200 以下", "200 至 20000", "20000 及以上"]);
  });

  it("moves who takes the border from one side to the other", () => {
    const document = LEVELS();
    const bands = read(document);
    const next = apply(document, moveBound(bands, bands.bands[0]!, "high", { value: "200", closed: true }));
    expect(branches(next).map((branch) => branch["when"])).toEqual([
      { amount: { lte: "200" } },
      { amount: { gt: "200", lt: "5000" } },
      { amount: { gte: "5000" } },
    ]);
  });

  it("splits a band, and takes one away", () => {
    const document = LEVELS();
    const bands = read(document);
    const large = bands.bands[2]!;
    expect(splits(bands, large, "5000")).toBe(false);
    expect(splits(bands, large, "20000")).toBe(true);
    const split = apply(document, splitBand(bands, large, "20000", { id: "huge", steps: [] }, { lower: "5 to 20", upper: "20" }));
    expect(faults(read(split as JsonObject))).toEqual([]);
    expect(branches(split)[3]).toEqual({ id: "huge", title: "20", when: { amount: { gte: "20000" } }, steps: [] });
    const again = read(split as JsonObject);
    const removed = apply(split, removeBand(again, again.bands[1]!, again.bands[0]!));
    expect(branches(removed).map((branch) => branch["when"])).toEqual([
      { amount: { lt: "5000" } },
      { amount: { gte: "5000", lt: "20000" } },
      { amount: { gte: "20000" } },
    ]);
    expect(faults(read(removed as JsonObject))).toEqual([]);
  });
});

describe("fixes", () => {
  it.each<[string, Json[], string[]]>([
    ["a hole, from below or from above", [{ amount: { lt: "200" } }, { amount: { gte: "300" } }], ["flow_fix_up 0", "flow_fix_down 1"]],
    ["an overlap, on either side", [{ amount: { lt: "300" } }, { amount: { gte: "200" } }], ["flow_fix_cut_high 0", "flow_fix_cut_low 1"]],
    ["what is above all", [{ amount: { lt: "200" } }], ["flow_fix_open 0"]],
    ["what is below all", [{ amount: { gte: "200" } }], ["flow_fix_open 0"]],
  ])("%s", (_name, whens, expected) => {
    const document = flow(whens);
    const bands = read(document);
    const found = fixes(bands, faults(bands)[0]!);
    expect(found.map((fix) => `${fix.word} ${fix.branch}`)).toEqual(expected);
    for (const fix of found) expect(faults(read(apply(document, fix.edit) as JsonObject))).toEqual([]);
  });
});

it("says which band takes a value", () => {
  const bands = read(LEVELS());
  expect(["199.99", "200", "4999.99", "5000"].map((value) => bandOf(bands, value)?.index)).toEqual([0, 1, 1, 2]);
});

it("draws the line in order, with room between", () => {
  const found = marks(["5000", "200", "200.00", "1000000"]);
  expect(found.map((mark) => mark.value)).toEqual(["200", "5000", "1000000"]);
  const places = [0, ...found.map((mark) => mark.place), 1];
  expect(places.slice(1).every((place, index) => place - (places[index] ?? 0) > 0.1)).toBe(true);
});
