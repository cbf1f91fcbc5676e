/** Whatever bands there are: what is called a gap or an overlap is one, value by value, and mending mends. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { apply } from "../model/edits";
import type { Json, JsonObject } from "../model/json";
import { type Bands, bandOf, type Bound, type Fault, faults, fixes, moveBound, readBands, type Scale } from "./bands";
import { readTree } from "./tree";

const TENTHS: Scale = { field: "amount", places: 1, min: { value: "0", closed: true }, max: { value: "3", closed: true } };
const VALUES = Array.from({ length: 31 }, (_, index) => index); // in tenths

interface Drawn {
  readonly low: { readonly at: number; readonly closed: boolean } | null;
  readonly high: { readonly at: number; readonly closed: boolean } | null;
}

const bound = fc.option(fc.record({ at: fc.integer({ min: 0, max: 30 }), closed: fc.boolean() }), { freq: 4 });
const band: fc.Arbitrary<Drawn> = fc.record({ low: bound, high: bound });
const route = fc.array(band, { minLength: 1, maxLength: 5 });

const written = (tenths: number): string => (tenths / 10).toFixed(1);

function flowOf(drawn: readonly Drawn[]): JsonObject {
  const branches = drawn.map(({ low, high }, index) => {
    const test: JsonObject = {};
    if (low) test[low.closed ? "gte" : "gt"] = written(low.at);
    if (high) test[high.closed ? "lte" : "lt"] = written(high.at);
    return { id: `b${index}`, when: { amount: low || high ? test : { empty: false } }, steps: [] };
  });
  return { steps: [{ id: "level", kind: "route", branches }] };
}

function read(document: Json): Bands {
  const step = readTree(document).steps[0];
  const found = step && readBands(step, TENTHS);
  if (!found) throw new Error("no bands");
  return found;
}

function holds(low: Bound | null, high: Bound | null, tenths: number): boolean {
  const value = tenths / 10;
  const above = low === null || (low.closed ? value >= Number(low.value) : value > Number(low.value));
  return above && (high === null || (high.closed ? value <= Number(high.value) : value < Number(high.value)));
}

const takers = (bands: Bands, tenths: number): number[] => bands.bands.filter((each) => holds(each.low, each.high, tenths)).map((each) => each.index);
const told = (found: readonly Fault[], sort: Fault["sort"], tenths: number): boolean => found.some((each) => each.sort === sort && holds(each.low, each.high, tenths));

it("calls every value that nobody takes a gap, every one that two take an overlap, and nothing else", () => {
  fc.assert(
    fc.property(route, (drawn) => {
      const bands = read(flowOf(drawn));
      const found = faults(bands);
      for (const value of VALUES) {
        const by = takers(bands, value);
        expect([value, told(found, "gap", value), told(found, "overlap", value)]).toEqual([value, by.length === 0, by.length > 1]);
        expect(bandOf(bands, written(value)) !== null).toBe(by.length > 0);
      }
      for (const fault of found) expect(holds(fault.low, fault.high, Number(fault.example) * 10)).toBe(true);
    }),
  );
});

it("has ways out after which less is wrong", () => {
  fc.assert(
    fc.property(route, (drawn) => {
      const document = flowOf(drawn);
      const bands = read(document);
      const found = faults(bands);
      for (const fault of found) {
        for (const fix of fixes(bands, fault)) expect(faults(read(apply(document, fix.edit))).length).toBeLessThan(found.length);
      }
    }),
  );
});

it("moves a border of a whole line and leaves it whole", () => {
  const borders = fc.uniqueArray(fc.integer({ min: 1, max: 29 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(borders, fc.nat(), fc.boolean(), (drawn, place, closed) => {
      const sorted = [...drawn].sort((one, other) => one - other);
      const bands = [...sorted.keys(), sorted.length].map((index): Drawn => ({
        low: index === 0 ? null : { at: sorted[index - 1] ?? 0, closed: true },
        high: index === sorted.length ? null : { at: sorted[index] ?? 0, closed: false },
      }));
      const document = flowOf(bands);
      const index = place % sorted.length;
      const [below, above] = [sorted[index - 1] ?? 0, sorted[index + 1] ?? 30];
      const to = Math.floor((below + above) / 2);
      fc.pre(to > below && to < above);
      const before = read(document);
      const next = apply(document, moveBound(before, before.bands[index]!, "high", { value: written(to), closed }));
      expect(faults(read(next))).toEqual([]);
    }),
  );
});
