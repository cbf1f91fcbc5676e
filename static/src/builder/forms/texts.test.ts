import { expect, test } from "vitest";
import type { JsonObject } from "../model/json";
import { missingTexts, setText, textsOf } from "./texts";

const FORM: JsonObject = {
  title: { en: "Trip", zh: "出差" },
  fields: [
    { key: "to", type: "choice", label: { en: "Where to" }, options: [{ value: "sh", label: { zh: "上海" } }, { value: "OK" }] },
    { key: "lines", type: "table", label: "Lines", columns: [{ key: "km", type: "number", label: { en: "Way", zh: "路程" }, unit: "km" }] },
  ],
  layout: [{ title: { en: "All", zh: "" }, rows: [["to"]] }],
  rules: [{ check: "km > 0", message: { en: "Too short", zh: "太短" } }],
};

test("rows stand in the order of the form, with what is missing", () => {
  const rows = textsOf(FORM).map((row) => [row.path.join("/"), row.missing.join()]);
  expect(rows).toEqual([
    ["title", ""],
    ["layout/0/title", "zh"],
    ["fields/0/label", "zh"],
    ["fields/0/options/0/label", "en"],
    ["fields/0/options/1/label", ""],
    ["fields/1/label", ""],
    ["fields/1/columns/0/label", ""],
    ["fields/1/columns/0/unit", ""],
    ["rules/0/message", ""],
  ]);
  expect(missingTexts(FORM)).toBe(3);
});

test.each([
  [{ en: "Way" }, "zh", "路程", { en: "Way", zh: "路程" }],
  ["Way", "zh", "路程", { en: "Way", zh: "路程" }],
  [{ en: "Way", zh: "路程", fr: "Voie" }, "zh", "", { en: "Way", fr: "Voie" }],
  [{ en: "Way" }, "en", "", undefined],
  [undefined, "en", "Way", { en: "Way" }],
] as const)("%j with %s “%s” is %j", (before, tongue, text, after) => {
  expect(setText(before, tongue, text)).toEqual(after);
});
