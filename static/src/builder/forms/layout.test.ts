import { describe, expect, test } from "vitest";
import { apply, invert } from "../model/edits";
import type { Json, JsonObject } from "../model/json";
import { addSection, type Direction, moveBy, moveSection, moveTo, orderOf, removeSection, sectionsOf, setWidth } from "./layout";

const fields = (keys: string): Json[] => [...keys].map((key) => ({ key, type: "text" }));

/** `"ab c / d"`: a section with the rows `a b` and `c`, and a second one; `rest` are keys that no section places. */
function form(drawn: string, rest = ""): JsonObject {
  const layout = drawn.split(" / ").map((section) => ({ rows: section.split(" ").filter(Boolean).map((row) => [...row]) }));
  return { fields: fields([...drawn.replace(/[ /]/g, ""), ...rest].join("")), layout };
}

function drawn(document: JsonObject): string {
  return sectionsOf(document)
    .map((section) => section.rows.map((row) => row.map((cell) => cell.key).join("")).join(" "))
    .join(" / ");
}

const KEYS: Record<string, Direction> = { "↑": "up", "↓": "down", "←": "left", "→": "right" };

describe("keys move a field", () => {
  test.each([
    ["a b c", "b↑", "b a c"],
    ["a b c", "b↓", "a c b"],
    ["ab c", "b↑", "b a c"],
    ["ab c", "a↓", "b a c"],
    ["ab c", "a→", "ba c"],
    ["ab c", "b←", "ba c"],
    ["ab c", "c←", "abc"],
    ["a bc", "a→", "abc"],
    ["a / b", "b↑", "a b / "],
    ["a / b", "a↓", " / a b"],
    ["a bc / d", "d↑", "a bc d / "],
    ["abcd e", "e←", null],
    ["a b", "a↑", null],
    ["a b", "b↓", null],
    ["a b", "a←", null],
  ])("%s, %s: %s", (before, key, after) => {
    const document = form(before);
    const edit = moveBy(document, key[0] ?? "", KEYS[key[1] ?? ""] ?? "up");
    expect(edit && drawn(apply(document, edit) as JsonObject)).toBe(after);
    if (edit) expect(apply(apply(document, edit), invert(document, edit))).toEqual(document);
  });

  test("what no section places goes into the last one", () => {
    const document = form("a / b", "cd");
    const edit = moveBy(document, "d", "up");
    expect(edit && drawn(apply(document, edit) as JsonObject)).toBe("a / b d / c");
    expect(moveBy(document, "b", "down")).toBeNull();
  });
});

describe("without a layout", () => {
  const plain: JsonObject = { fields: fields("abc") };

  test("up and down change the order of the fields, and make no layout", () => {
    const edit = moveBy(plain, "c", "up");
    const after = apply(plain, edit ?? { kind: "many", edits: [] }) as JsonObject;
    expect(orderOf(after)).toEqual(["a", "c", "b"]);
    expect(after).not.toHaveProperty("layout");
  });

  test("side by side makes one", () => {
    const edit = moveBy(plain, "b", "left");
    expect(edit && drawn(apply(plain, edit) as JsonObject)).toBe("ab c");
  });
});

test.each([
  ["ab c", "a", { section: 0, row: 2 }, "b c a"],
  ["ab c", "c", { section: 0, row: 0, cell: 1 }, "acb"],
  ["a b c", "a", { section: 0, row: 3 }, "b c a"],
  ["a b / c", "a", { section: 1, row: 0 }, "b / a c"],
  ["a b / c", "a", { section: 1, row: 0, cell: 1 }, "b / ca"],
  ["a b", "a", { section: 0, row: 1 }, "a b"],
])("drop: %s, %s at %j: %s", (before, key, place, after) => {
  const document = form(before);
  expect(drawn(apply(document, moveTo(document, key, place)) as JsonObject)).toBe(after);
});

test("parts of a section that are not known here, widths and titles stay", () => {
  const document: JsonObject = {
    fields: fields("ab"),
    layout: [{ title: "One", tone: "calm", rows: [[{ field: "a", width: 8, hint: 1 }, "b"]] }],
  };
  const moved = apply(document, moveTo(document, "a", { section: 0, row: 1 })) as JsonObject;
  expect(moved["layout"]).toEqual([{ title: "One", tone: "calm", rows: [["b"], [{ field: "a", width: 8, hint: 1 }]] }]);
});

test("a width comes and goes", () => {
  const document = form("ab");
  const wide = apply(document, setWidth(document, "a", 8)) as JsonObject;
  expect(wide["layout"]).toEqual([{ rows: [[{ field: "a", width: 8 }, "b"]] }]);
  expect(apply(wide, setWidth(wide, "a", null))).toEqual(document);
});

describe("sections", () => {
  test("a first one of a form without a layout takes its fields along", () => {
    const plain: JsonObject = { fields: fields("ab") };
    expect(drawn(apply(plain, addSection(plain, 1, "More")) as JsonObject)).toBe("a b / ");
  });

  test.each([
    ["a / b", 1, "a b"],
    ["a / b", 0, "a b"],
    ["a / bc / d", 1, "a bc / d"],
  ])("%s without section %s: %s", (before, index, after) => {
    const document = form(before);
    expect(drawn(apply(document, removeSection(document, index)) as JsonObject)).toBe(after);
  });

  test("without the last one there is no layout", () => {
    const document = form("b a");
    expect(apply(document, removeSection(document, 0))).not.toHaveProperty("layout");
  });

  test("they change places", () => {
    const document = form("a / b");
    const edit = moveSection(document, 0, 1);
    expect(edit && drawn(apply(document, edit) as JsonObject)).toBe("b / a");
    expect(moveSection(document, 0, 2)).toBeNull();
  });
});

/** The same numbers in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

test("whatever is moved, every field stands in one place, and every move can be taken back", () => {
  const below = numbers(7);
  const directions = Object.values(KEYS);
  for (let round = 0; round < 200; round++) {
    let document = round % 3 ? form("ab c / def / g", "hi") : ({ fields: fields("abcdefghi") } as JsonObject);
    for (let turn = 0; turn < 12; turn++) {
      const key = "abcdefghi"[below(9)] ?? "a";
      const sections = sectionsOf(document);
      const section = sections[below(sections.length)];
      const row = below((section?.rows.length ?? 0) + 1);
      const place = { section: section?.index ?? null, row, ...(below(2) && section?.rows[row] ? { cell: below(3) } : {}) };
      const edit = below(2) ? moveTo(document, key, place) : moveBy(document, key, directions[below(4)] ?? "up");
      if (!edit) continue;
      const after = apply(document, edit) as JsonObject;
      expect(orderOf(after).sort().join(""), JSON.stringify([document, edit])).toBe("abcdefghi");
      expect(apply(after, invert(document, edit))).toEqual(document);
      document = after;
    }
  }
});
