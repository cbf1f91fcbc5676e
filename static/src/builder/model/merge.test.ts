import fc from "fast-check";
import { expect, test } from "vitest";
import { isObject, type Json, same } from "./json";
import { merge } from "./merge";

const field = (key: string, more: Record<string, Json> = {}): Json => ({ key, label: key, ...more });
const base = { key: "f", title: "F", fields: [field("a"), field("b"), field("c")] };

test("changes of different parts come together", () => {
  const mine = { ...base, title: "Mine" };
  const theirs = { ...base, fields: [field("a"), field("b", { required: true }), field("c"), field("d")] };
  const { document, differences } = merge(base, mine, theirs);
  expect(document).toEqual({ ...theirs, title: "Mine" });
  expect(differences.map(({ id, by }) => [id, by])).toEqual([
    ["/title", "mine"],
    ["/fields/key:b/required", "theirs"],
    ["/fields/key:d", "theirs"],
  ]);
});

test("where both changed one part, mine stands until somebody chooses", () => {
  const mine = { ...base, title: "Mine" };
  const theirs = { ...base, title: "Theirs" };
  expect(merge(base, mine, theirs).document["title"]).toBe("Mine");
  expect(merge(base, mine, theirs).differences).toMatchObject([{ id: "/title", by: "both", base: "F", mine: "Mine", theirs: "Theirs" }]);
  expect(merge(base, mine, theirs, new Map([["/title", "theirs"]])).document["title"]).toBe("Theirs");
});

test("an order that one of the two changed is kept", () => {
  const moved = { ...base, fields: [field("c"), field("a"), field("b")] };
  const grown = { ...base, fields: [field("a"), field("x"), field("b"), field("c")] };
  const keys = (document: Json) => ((document as typeof base).fields as { key: string }[]).map(({ key }) => key);
  expect(keys(merge(base, moved, grown).document)).toEqual(["c", "a", "x", "b"]);
  expect(keys(merge(base, grown, moved).document)).toEqual(["c", "a", "x", "b"]);
});

test("what one took out and the other changed is asked about", () => {
  const mine = { ...base, fields: [field("a"), field("c")] };
  const theirs = { ...base, fields: [field("a"), field("b", { help: "h" }), field("c")] };
  const { differences } = merge(base, mine, theirs);
  expect(differences).toMatchObject([{ id: "/fields/key:b", by: "both", mine: undefined }]);
  expect((merge(base, mine, theirs, new Map([["/fields/key:b", "theirs"]])).document as typeof base).fields.length).toBe(3);
});

const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<Json>(null, "a", "b", 1, true),
    fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { maxLength: 4 }).chain((keys) =>
      fc.tuple(...keys.map((key) => tie("json").map((value): Json => ({ key, value }) as Json))),
    ) as fc.Arbitrary<Json>,
    fc.array(tie("json"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("x", "y", "z"), tie("json")) as fc.Arbitrary<Json>,
  ),
}));
const documents = fc.dictionary(fc.constantFrom("key", "title", "fields", "steps"), json) as fc.Arbitrary<Record<string, Json>>;

test("what only one changed is taken as it is", () => {
  fc.assert(
    fc.property(documents, documents, (one, other) => {
      expect(same(merge(one, one, other).document, other)).toBe(true);
      expect(same(merge(one, other, one).document, other)).toBe(true);
      expect(same(merge(one, other, other).document, other)).toBe(true);
    }),
  );
});

test("whoever takes one side everywhere has that side", () => {
  fc.assert(
    fc.property(documents, documents, documents, (one, mine, theirs) => {
      const all = merge(one, mine, theirs).differences;
      const taken = merge(one, mine, theirs, new Map(all.map(({ id }) => [id, "theirs"]))).document;
      expect(settled(taken)).toBe(settled(theirs)); // but for an order that both changed
    }),
  );
});

/** The text of a value in which no order counts. */
function settled(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(settled).sort().join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((key) => `${key}:${settled(value[key] as Json)}`).join()}}`;
}
