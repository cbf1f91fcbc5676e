/** Whatever the flow: no move and no copy loses, doubles or breaks a step. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { apply, invert } from "../model/edits";
import type { Json, JsonObject } from "../model/json";
import { duplicated, moveBy, moveTo, removal } from "./moving";
import { readTree, walk } from "./tree";

/** A flow of up to three levels; ids are given afterwards, one each. */
const steps = fc.letrec<{ list: JsonObject[]; step: JsonObject }>((tie) => ({
  list: fc.array(tie("step"), { maxLength: 4 }),
  step: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    fc.constant<JsonObject>({ kind: "approve" }),
    fc.array(tie("list"), { minLength: 1, maxLength: 3 }).map((lists): JsonObject => ({
      kind: "route",
      branches: lists.map((list, index) => ({ id: `b${index}`, when: {}, steps: list })),
    })),
  ),
})).list;

const flow = steps.map((list): JsonObject => {
  let count = 0;
  const named = (each: Json[]): Json[] =>
    each.map((step) => {
      const { branches, ...rest } = step as JsonObject;
      const id = `s${count++}`;
      const inner = branches as JsonObject[] | undefined;
      return inner ? { id, ...rest, branches: inner.map((branch) => ({ ...branch, steps: named(branch["steps"] as Json[]) })) } : { id, ...rest };
    });
  return { steps: named(list) };
});

const ids = (document: Json): string[] => [...walk(readTree(document).steps)].map((step) => step.id).sort();

it("moves every step by every arrow, and nothing is lost", () => {
  fc.assert(
    fc.property(flow, fc.constantFrom("up", "down", "left", "right"), (document, direction) => {
      for (const step of walk(readTree(document).steps)) {
        const moved = moveBy(document, step.path, direction);
        if (moved === null) continue;
        const next = apply(document, moved.edit);
        expect(ids(next)).toEqual(ids(document));
        expect(readTree(next).byId.get(step.id)?.path).toEqual(moved.to);
        expect(apply(next, invert(document, moved.edit))).toEqual(document);
      }
    }),
  );
});

it("drops every step at every place, except into itself", () => {
  fc.assert(
    fc.property(flow, fc.nat(), fc.nat(), (document, one, other) => {
      const all = [...walk(readTree(document).steps)];
      const [from, to] = [all[one % Math.max(1, all.length)], all[other % Math.max(1, all.length)]];
      fc.pre(from !== undefined && to !== undefined);
      const moved = from && to && moveTo(document, from.path, to.path);
      if (!moved) return;
      const next = apply(document, moved.edit);
      expect(ids(next)).toEqual(ids(document));
      expect(readTree(next).byId.get(from.id)?.path).toEqual(moved.to);
    }),
  );
});

it("copies have ids of their own, and what is removed is gone", () => {
  fc.assert(
    fc.property(flow, (document) => {
      for (const step of walk(readTree(document).steps)) {
        const copied = ids(apply(document, duplicated(document, step.path)!.edit));
        expect(new Set(copied).size).toBe(copied.length);
        const gone = removal(document, step.path)!;
        expect(ids(apply(document, gone.edit))).toHaveLength(ids(document).length - 1 - gone.inner);
      }
    }),
  );
});
