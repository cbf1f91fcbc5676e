import { expect, test } from "vitest";
import { isNear } from "./chart";

test.each([
  ["none is known", null, [1, 2], null, false],
  ["it lies within what is drawn", 2, [1, 3], null, true],
  ["it lies a little above", 5, [1, 3], null, true],
  ["it lies far above and would press the drawing flat", 24, [1, 3], null, false],
  ["the drawing is of percent and has room for all of them", 90, [null, 10], 100, true],
  ["nothing is drawn", 24, [null, null], null, false],
])("a reference is drawn where it helps: %s", (_name, value, values, most, near) => {
  expect(isNear({ values, most, reference: value === null ? null : { value, label: "others" } })).toBe(near);
});
