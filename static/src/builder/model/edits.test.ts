/** Every edit on every document: what is applied can be taken back, and nothing else changes. */

import fc from "fast-check";
import { describe as group, expect, test } from "vitest";
import { describe } from "./describe";
import { apply, type Edit, EditError, follow, invert, isNothing, put, touched } from "./edits";
import { at, isObject, isWithin, type Json, type Path, pathOf, pointer, same } from "./json";

const keys = fc.oneof(fc.constantFrom("key", "label", "steps", "__proto__", "constructor", "a/b~c", "0"), fc.string());
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<Json>(null, true, false, "", "x", "¥5,000.00", 0, -1.5),
    fc.array(tie("json"), { maxLength: 4 }),
    fc.array(fc.tuple(keys, tie("json")), { maxLength: 4 }).map((pairs) => Object.fromEntries(pairs) as Json),
  ),
}));
const documents = fc.oneof(json.filter((value) => isObject(value) || Array.isArray(value)), json);

/** All paths of a document, the outermost first. */
function paths(value: Json, path: Path = []): Path[] {
  if (Array.isArray(value)) return [path, ...value.flatMap((each, index) => paths(each, [...path, index]))];
  if (isObject(value)) return [path, ...Object.entries(value).flatMap(([key, each]) => paths(each, [...path, key]))];
  return [path];
}

/** An edit that can be applied to the document. */
function edits(document: Json, depth = 0): fc.Arbitrary<Edit> {
  const all = paths(document);
  const lists = all.filter((path) => Array.isArray(at(document, path)));
  const objects = all.filter((path) => isObject(at(document, path)));
  const elements = all.filter((path) => Array.isArray(at(document, path.slice(0, -1))) && path.length > 0);
  const members = all.filter((path) => isObject(at(document, path.slice(0, -1))) && path.length > 0);
  const kinds: fc.Arbitrary<Edit>[] = [
    fc.record({ kind: fc.constant("set" as const), path: fc.constantFrom(...all), value: json }),
  ];
  if (objects.length) {
    kinds.push(
      fc.tuple(fc.constantFrom(...objects), keys, json, keys).map(([path, key, value, before]) => ({
        kind: "set" as const,
        path: [...path, key],
        value,
        before,
      })),
    );
  }
  if (members.length) {
    kinds.push(fc.constantFrom(...members).map((path) => ({ kind: "set" as const, path, value: undefined })));
  }
  if (lists.length) kinds.push(fc.tuple(fc.constantFrom(...lists), fc.nat(9), json).map(([l, n, v]) => inserted(document, l, n, v)));
  if (elements.length) {
    kinds.push(fc.constantFrom(...elements).map((path) => ({ kind: "remove" as const, path })));
    kinds.push(fc.tuple(fc.constantFrom(...elements), fc.nat(99), fc.nat(9)).map(([from, l, n]) => moved(document, from, l, n)));
  }
  if (depth < 2) {
    kinds.push(
      edits(document, 2).chain((first) =>
        edits(apply(document, first), 2).map((second) => ({ kind: "many" as const, edits: [first, second] })),
      ),
    );
  }
  return fc.oneof(...kinds);
}

function inserted(document: Json, list: Path, place: number, value: Json): Edit {
  return { kind: "insert", path: [...list, place % ((at(document, list) as Json[]).length + 1)], value };
}

function moved(document: Json, from: Path, list: number, place: number): Edit {
  const rest = apply(document, { kind: "remove", path: from });
  const lists = paths(rest).filter((path) => Array.isArray(at(rest, path)));
  const target = lists[list % lists.length] as Path;
  return { kind: "move", from, to: [...target, place % ((at(rest, target) as Json[]).length + 1)] };
}

const cases = documents.chain((document) => fc.tuple(fc.constant(document), edits(document)));

group("every edit", () => {
  test("can be taken back, to the very text", () => {
    fc.assert(
      fc.property(cases, ([document, edit]) => {
        expect(JSON.stringify(apply(apply(document, edit), invert(document, edit)))).toBe(JSON.stringify(document));
      }),
      { numRuns: 500 },
    );
  });

  test("can be done again after it was taken back", () => {
    fc.assert(
      fc.property(cases, ([document, edit]) => {
        const after = apply(document, edit);
        const back = invert(document, edit);
        expect(same(apply(apply(after, back), invert(after, back)), after)).toBe(true);
      }),
    );
  });

  test("leaves the document that it was given as it was", () => {
    fc.assert(
      fc.property(cases, ([document, edit]) => {
        const before = JSON.stringify(document);
        apply(document, edit);
        expect(JSON.stringify(document)).toBe(before);
      }),
    );
  });

  test("keeps every part beside its path: the same objects, known or unknown", () => {
    fc.assert(
      fc.property(cases, ([document, edit]) => {
        if (edit.kind !== "set" || edit.path.length === 0) return;
        const after = apply(document, edit);
        for (const path of paths(document)) {
          const apart = path.some((key, depth) => depth < edit.path.length && key !== edit.path[depth]);
          if (apart) expect(at(after, path)).toBe(at(document, path));
        }
      }),
    );
  });

  test("is said in both languages, and never with a hole", () => {
    fc.assert(
      fc.property(cases, fc.constantFrom("en" as const, "zh_CN" as const), ([document, edit], language) => {
        const said = describe(document, edit, language);
        expect(said.trim()).not.toBe("");
        expect(said).not.toContain("undefined");
      }),
    );
  });
});

const form: Json = {
  schema: "form/1",
  "x-plugin": { kept: [1] },
  fields: [
    { key: "amount", type: "money", label: { en: "Amount", zh: "金额" } },
    { key: "lines", type: "table", label: "Lines", columns: [{ key: "sku", type: "text", label: "SKU" }] },
  ],
};

group("in words", () => {
  test.each<[Edit, string, string]>([
    [
      { kind: "set", path: ["fields", 0, "label", "en"], value: "Total" },
      "field “Amount”: label · English is now “Total”",
      "字段“金额”：名称 · 英文改为“Total”",
    ],
    [{ kind: "set", path: ["fields", 0, "required"], value: true }, "field “Amount”: required is now yes", "字段“金额”：必填改为是"],
    [{ kind: "set", path: ["fields", 0, "help"], value: undefined }, "field “Amount”: help taken out", "字段“金额”：去掉说明"],
    [
      { kind: "insert", path: ["fields", 0], value: { key: "day", type: "date", label: { en: "Day", zh: "日期" } } },
      "field “Day” added",
      "已添加字段“日期”",
    ],
    [{ kind: "remove", path: ["fields", 0] }, "field “Amount” removed", "已删除字段“金额”"],
    [{ kind: "remove", path: ["fields", 1, "columns", 0] }, "field “Lines”: column “SKU” removed", "字段“Lines”：已删除列“SKU”"],
    [{ kind: "move", from: ["fields", 0], to: ["fields", 1] }, "field “Amount” moved to place 2", "字段“金额”移到第 2 位"],
    [
      { kind: "move", from: ["fields", 0], to: ["fields", 0, "columns", 1] },
      "field “Amount” moved to field “Lines”, place 2",
      "字段“金额”移到字段“Lines”第 2 位",
    ],
    [
      { kind: "many", edits: [{ kind: "remove", path: ["fields", 0] }, { kind: "remove", path: ["fields", 0] }] },
      "field “Amount” removed, and 1 more change",
      "已删除字段“金额”，另有 1 处改动",
    ],
    [{ kind: "many", edits: [] }, "Nothing changed", "没有改动"],
  ])("%j", (edit, en, zh) => {
    expect(describe(form, edit, "en")).toBe(en);
    expect(describe(form, edit, "zh_CN")).toBe(zh);
  });
});

group("a path that is not there", () => {
  test.each<[string, Edit]>([
    ["below a missing key", { kind: "set", path: ["settings", "owner"], value: "amy" }],
    ["past the end of a list", { kind: "set", path: ["fields", 2], value: {} }],
    ["an element taken out by setting", { kind: "set", path: ["fields", 0], value: undefined }],
    ["a name in a list", { kind: "set", path: ["fields", "length"], value: 0 }],
    ["below a text", { kind: "set", path: ["schema", "x"], value: 0 }],
    ["an object's own ways", { kind: "set", path: ["constructor", "x"], value: 0 }],
    ["a hole in a list", { kind: "insert", path: ["fields", 3], value: {} }],
    ["into an object", { kind: "insert", path: ["x-plugin", 0], value: {} }],
    ["no element", { kind: "remove", path: ["fields", 5] }],
    ["a key is no element", { kind: "remove", path: ["schema"] }],
    ["the whole", { kind: "remove", path: [] }],
    ["moved away together with its goal", { kind: "move", from: ["fields", 1], to: ["fields", 1, "columns", 0] }],
  ])("%s is refused", (_name, edit) => {
    expect(() => apply(form, edit)).toThrow(EditError);
  });
});

group("put", () => {
  test("makes what is missing on the way", () => {
    const edit = put(form, ["settings", "owner", "person"], "amy");
    expect(at(apply(form, edit), ["settings"])).toEqual({ owner: { person: "amy" } });
    expect(apply(apply(form, edit), invert(form, edit))).toEqual(form);
  });

  test("takes out what would be left empty, down to what is kept", () => {
    const document = { settings: { owner: { person: "amy" } } };
    expect(apply(document, put(document, ["settings", "owner", "person"], undefined, 1))).toEqual({});
    expect(apply(document, put(document, ["settings", "owner", "person"], undefined))).toEqual({ settings: { owner: {} } });
    expect(isNothing(put(document, ["settings", "withdraw"], undefined))).toBe(true);
  });
});

test("an edit tells which paths it is about", () => {
  expect(touched({ kind: "many", edits: [{ kind: "move", from: ["a", 0], to: ["a", 2] }, { kind: "remove", path: ["b", 1] }] })).toEqual([
    ["a", 2],
    ["b", 1],
  ]);
});

test("pointers go both ways", () => {
  fc.assert(fc.property(documents, (document) => paths(document).every((path) => pathOf(pointer(path), document).every((key, i) => key === path[i]))));
  expect(pathOf("/steps/0/due")).toEqual(["steps", 0, "due"]);
  expect(pathOf("/choices/0", { choices: { 0: "none" } })).toEqual(["choices", "0"]);
});

test("a path follows what it was on", () => {
  fc.assert(
    fc.property(cases, ([document, edit]) => {
      if (edit.kind !== "insert" && edit.kind !== "move" && edit.kind !== "remove") return;
      const after = apply(document, edit);
      for (const path of paths(document)) {
        const there = follow(path, edit);
        const changed = touched(edit).some((each) => isWithin(each, there ?? []));
        if (there !== null && !changed && edit.kind !== "move") expect(at(after, there)).toBe(at(document, path));
        if (there === null) expect(edit.kind).toBe("remove");
      }
      if (edit.kind === "move") expect(at(after, follow(edit.from, edit) ?? [])).toBe(at(document, edit.from));
    }),
  );
});
