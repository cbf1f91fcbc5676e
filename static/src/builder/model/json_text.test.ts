import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { at, type Json, pathOf } from "./json";
import { readJson, writeJson } from "./json_text";

test("reads what JSON.parse reads, and says where each part stands", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2, "\t"), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const read = readJson(text);
      expect(read.mistake).toBeUndefined();
      expect(read.value).toEqual(JSON.parse(text));
      for (const [path, spot] of read.spots) {
        expect(JSON.parse(text.slice(spot.from, spot.to))).toEqual(at(read.value as Json, pathOf(path, read.value)));
      }
    }),
  );
});

test("refuses what JSON.parse refuses", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("{", "}", "[", "]", ",", ":", '"a"', "1", "true", " ", "x", '"', "-", "\\")), (parts) => {
      const text = parts.join("");
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      const { mistake } = readJson(text);
      if (mistake?.code !== "twice") expect(mistake === undefined).toBe(isJson); // JSON.parse takes the last of two
    }),
    { examples: [[["{", '"a"', ":", "1", ",", "}"]], [["[", "1", ",", "]"]]] },
  );
});

describe("what is wrong, and where", () => {
  test.each([
    ['{"a": 1,}', "key", "}"],
    ['{"a" 1}', "colon", "1"],
    ['{"a": 1 "b": 2}', "comma", '"b"'],
    ["{'a': 1}", "key", "'a'"],
    ['{"a": tru}', "value", "tru"],
    ['{"a": 01}', "number", "01"],
    ['{"a": "x', "text", '"x'],
    ['{"a": 1', "end", "1"],
    ['{"a": 1, "a": 2}', "twice", '"a"'],
    ["{} {}", "after", "{"],
    ["", "end", ""],
  ])("%s", (text, code, shown) => {
    const { mistake } = readJson(text);
    expect(mistake?.code).toBe(code);
    expect(text.slice(mistake?.from, mistake?.to)).toBe(shown);
  });

  test("what stands before it is found all the same", () => {
    expect(readJson('{"a": {"b": 1}, "c" }').spots.get("/a/b")).toMatchObject({ from: 12, to: 13, key: { from: 7, to: 10 } });
  });
});

test("is written as people read it", () => {
  expect(writeJson({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}\n');
});
