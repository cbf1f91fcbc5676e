import fc from "fast-check";
import { expect, test } from "vitest";
import { diff } from "./diff";
import { apply, follow, isNothing } from "./edits";
import { at, type Json } from "./json";

const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<Json>(null, true, "", "a", "b", 1),
    fc.array(tie("json"), { maxLength: 5 }),
    fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "f"), { maxLength: 6 }).chain((keys) =>
      fc.tuple(...keys.map((key) => tie("json").map((value): Json => ({ key, value }) as Json))),
    ) as fc.Arbitrary<Json>,
    fc.array(fc.tuple(fc.constantFrom("x", "y", "z", "__proto__", "1"), tie("json"))).map((pairs) => Object.fromEntries(pairs) as Json),
  ),
}));

test("the difference leads from one document to the other, to the very text", () => {
  fc.assert(
    fc.property(json, json, (before, after) => {
      expect(JSON.stringify(apply(before, diff(before, after)))).toBe(JSON.stringify(after));
    }),
    { numRuns: 1000 },
  );
});

test("nothing differs from itself", () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(isNothing(diff(value, JSON.parse(JSON.stringify(value)) as Json))).toBe(true);
    }),
  );
});

const field = (key: string, label = key): Json => ({ key, label });

test.each<[string, Json, Json, number]>([
  ["one field moved up", ["a", "b", "c", "d"].map((key) => field(key)), ["d", "a", "b", "c"].map((key) => field(key)), 1],
  ["one field moved down", ["a", "b", "c", "d"].map((key) => field(key)), ["b", "c", "d", "a"].map((key) => field(key)), 1],
  ["one label", [field("a"), field("b")], [field("a"), field("b", "B")], 1],
  ["one taken out, one added", [field("a"), field("b")], [field("c"), field("b")], 2],
  ["a key in the midst", { a: 1, c: 3 }, { a: 1, b: 2, c: 3 }, 1],
  ["a word in a list without names", [1, 2, 3], [1, 9, 3], 1],
])("%s is as few edits", (_name, before, after, count) => {
  const edit = diff(before, after);
  expect(edit.kind === "many" && edit.edits.length).toBe(count);
});

test("a part is found again where it went", () => {
  const before = { fields: [field("a"), field("b"), field("c")] };
  const after = { fields: [field("new"), field("c"), field("a")] };
  const edit = diff(before, after);
  expect(follow(["fields", 2, "label"], edit)).toEqual(["fields", 1, "label"]);
  expect(follow(["fields", 1], edit)).toBeNull();
  expect(at(after, follow(["fields", 0], edit) ?? [])).toEqual(field("a"));
});
