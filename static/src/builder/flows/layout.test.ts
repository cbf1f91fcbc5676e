import { expect, it } from "vitest";
import type { JsonObject } from "../model/json";
import { CARD, type Layout, layout } from "./layout";
import { readTree } from "./tree";

const step = (id: string, more: JsonObject = {}): JsonObject => ({ id, kind: "approve", ...more });
const branch = (id: string, ...steps: JsonObject[]): JsonObject => ({ id, steps });
const FLOW: JsonObject = {
  steps: [
    step("first"),
    step("size", { kind: "route", branches: [branch("small", step("auto", { kind: "auto", verdict: "reject" })), branch("large", step("one"), step("two")), branch("none")] }),
    step("last"),
  ],
};

function drawn(document: JsonObject, collapsed: readonly string[] = []): Layout {
  return layout(readTree(document), { height: () => 80, isCollapsed: (key) => collapsed.includes(key) });
}

function box(picture: Layout, key: string) {
  const found = picture.boxes.find((each) => each.key === key);
  if (!found) throw new Error(`no ${key}`);
  return found;
}

it("puts steps below each other, branches side by side, and lets nothing cover anything", () => {
  const picture = drawn(FLOW);
  expect(picture.boxes.map((each) => each.key)).toEqual([
    ".start", "first", "size", "size/small", "auto", "size/large", "one", "two", "size/none", "last", ".end",
  ]);
  expect(box(picture, "one").y).toBeLessThan(box(picture, "two").y);
  expect(box(picture, "size/small").y).toBe(box(picture, "size/large").y);
  expect(box(picture, "size/small").x + CARD).toBeLessThanOrEqual(box(picture, "size/large").x + CARD);
  for (const one of picture.boxes) {
    for (const other of picture.boxes) {
      const apart = one.x + one.width <= other.x || other.x + other.width <= one.x || one.y + one.height <= other.y || other.y + other.height <= one.y;
      expect(one === other || apart).toBe(true);
    }
  }
  const right = Math.max(...picture.boxes.map((each) => each.x + each.width));
  expect(right).toBeLessThanOrEqual(picture.width);
});

it("offers a place on every line", () => {
  const places = drawn(FLOW).places.map((place) => `${place.sort} ${place.list.join("/")} ${place.index}`);
  expect(places).toEqual([
    "step steps 0",
    "step steps 1",
    "step steps/1/branches/0/steps 0",
    "step steps/1/branches/0/steps 1",
    "step steps/1/branches/1/steps 0",
    "step steps/1/branches/1/steps 1",
    "step steps/1/branches/1/steps 2",
    "step steps/1/branches/2/steps 0",
    "branch steps/1/branches 3",
    "step steps 2",
    "step steps 3",
  ]);
});

it("leaves out what is collapsed", () => {
  expect(drawn(FLOW, ["size"]).boxes.map((each) => each.key)).toEqual([".start", "first", "size", "last", ".end"]);
  const one = drawn(FLOW, ["size/large"]);
  expect(one.boxes.some((each) => each.key === "one")).toBe(false);
  expect(box(one, "size/large").collapsed).toBe(true);
  expect(drawn(FLOW, ["size"]).width).toBeLessThan(drawn(FLOW).width);
});

it("draws dashes behind a rejection by rule", () => {
  const dead = drawn(FLOW).lines.filter((line) => line.dead).map((line) => line.key);
  expect(dead).toEqual(["steps/1/branches/0/steps/1", "size/small:out"]);
});

it("draws what it cannot read as well, and a flow of nothing", () => {
  expect(drawn({ steps: [] }).places).toHaveLength(1);
  const strange = drawn({ steps: [step("same"), step("same"), { kind: "from_tomorrow" }, "no step"] });
  expect(strange.boxes.map((each) => each.key)).toEqual([".start", "same", "/steps/1", "/steps/2", ".end"]);
});

it("lays out 1,000 steps at once", () => {
  const levels = Array.from({ length: 100 }, (_, n) =>
    step(`r${n}`, { kind: "route", branches: [0, 1, 2].map((b) => branch(`b${b}`, step(`s${n}_${b}_0`), step(`s${n}_${b}_1`), step(`s${n}_${b}_2`))) }),
  );
  const picture = drawn({ steps: levels });
  expect(picture.boxes).toHaveLength(1000 + 300 + 2);
});
