import { expect, test } from "vitest";
import { exampleOf } from "./numbering";

test.each([
  ["RF-{yyyyMMdd}-{0000}", "RF-20260301-0001"],
  ["{yy}{MM}/{0}", "2603/1"],
  ["{week}-{000}", "{week}-001"],
  ["plain", "plain"],
])("%s: %s", (pattern, example) => {
  expect(exampleOf(pattern, new Date(2026, 2, 1))).toBe(example);
});
