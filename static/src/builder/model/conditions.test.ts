import fc from "fast-check";
import { expect, test } from "vitest";
import { readCondition, readGroup, writeCondition } from "./conditions";
import type { Json } from "./json";

test.each<[string, Json]>([
  ["a value", { reason: "damaged" }],
  ["a list of values", { reason: ["damaged", "lost"] }],
  ["a range", { amount: { gte: "100", lt: "5000" } }],
  ["several fields", { amount: { gte: "100" }, reason: "damaged", vip: true }],
  ["another field", { amount: { lte: { field: "paid" } }, owner: { field: "buyer" } }],
  ["any of several", { any: [{ amount: { gt: "1" } }, { all: [{ reason: "x" }, { reason: { ne: "y" } }] }] }],
  ["not", { not: { vip: true, amount: { empty: true } } }],
  ["rows of a table", { lines: { any: { quantity: { gt: "3" }, sku: "A" } } }],
  ["what a newer version says", { amount: { between: ["1", "2"] } }],
  ["what a newer version says beside", { all: [{ amount: { between: ["1", "2"] } }, { vip: true }] }],
  ["a word with something beside", { any: [], more: 1 }],
  ["no condition at all", "true"],
])("%s comes back as it was", (_name, json) => {
  expect(writeCondition(readCondition(json))).toEqual(normal(json));
});

/** `all` around what one object can say is written as that object. */
function normal(json: Json): Json {
  return JSON.parse(JSON.stringify(json).replace('{"all":[{"reason":"x"},{"reason":{"ne":"y"}}]}', '{"reason":{"eq":"x","ne":"y"}}')) as Json;
}

test("writing is settled after once", () => {
  const leaf = fc.oneof(
    fc.record({ amount: fc.record({ gte: fc.constant("1") }) }),
    fc.constantFrom<Json>({ reason: "x" }, { reason: ["x", "y"] }, { lines: { all: { n: "1" } } }, { a: { foo: 1 } }, {}),
  );
  const { condition } = fc.letrec<{ condition: Json }>((tie) => ({
    condition: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.array(tie("condition"), { maxLength: 3 }).map((all): Json => ({ all })),
      fc.array(tie("condition"), { maxLength: 3 }).map((any): Json => ({ any })),
      tie("condition").map((not): Json => ({ not })),
    ),
  }));
  fc.assert(
    fc.property(condition, (json) => {
      const once = writeCondition(readCondition(json));
      expect(writeCondition(readCondition(once as Json))).toEqual(once);
    }),
  );
});

test("a bare row stands in a group, so that others can be added", () => {
  expect(readGroup({ vip: true }).parts.length).toBe(1);
  expect(writeCondition(readGroup(undefined))).toBeUndefined();
});
