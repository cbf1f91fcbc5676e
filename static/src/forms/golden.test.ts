import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Condition, holds } from "./conditions";
import { evaluate, type Tree, weekdays } from "./formulas";
import { digits, isNumber, Known, Moment, read, type Typed, type Value } from "./values";

function golden<T>(path: string): T {
  return JSON.parse(readFileSync(`tests/golden/${path}`, "utf8")) as T;
}

function known(values: Record<string, Typed>): Known {
  return new Known(new Map(Object.entries(values).map(([key, value]) => [key, read(value)])));
}

/** As the golden files write a result. */
function plain(value: Value): unknown {
  if (isNumber(value)) return digits(value);
  return value === null || typeof value === "boolean" ? value : String(value);
}

interface Trees {
  values: Record<string, Typed>;
  trees: [text: string, tree: Tree][];
}

const TREES = golden<Record<string, Trees>>("formulas/trees.json");
const NOW = Moment.read("2026-03-05T20:30:00Z") as Moment;

for (const name of ["values", "blanks"]) {
  const { cases } = golden<{ cases: unknown[][] }>(`formulas/${name}.json`);
  const { values, trees } = TREES[name] as Trees;
  const world = known(values);
  describe(`formulas: ${name}`, () => {
    test.each(trees.map(([text, tree], place) => ({ text, tree, wanted: cases[place] })))("$text", ({ text, tree, wanted }) => {
      const found = evaluate(tree, { values: world, now: NOW, zone: "Asia/Shanghai", workingDays: weekdays });
      expect([text, plain(found)]).toEqual(wanted?.slice(0, 2));
    });
  });
}

interface Case {
  tree: Condition;
  holds: Record<string, Typed>[];
  fails: Record<string, Typed>[];
}

describe("conditions", () => {
  test.each(golden<Case[]>("conditions/trees.json").map((each) => ({ name: JSON.stringify(each.tree).slice(0, 80), ...each })))("$name", ({ tree, holds: right, fails }) => {
    expect(right.filter((values) => !holds(tree, known(values)))).toEqual([]);
    expect(fails.filter((values) => holds(tree, known(values)))).toEqual([]);
  });
});
