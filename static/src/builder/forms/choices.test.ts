import { describe, expect, test } from "vitest";
import { choicesOf, freshChoice, textOfChoices } from "./choices";

describe("a pasted list", () => {
  test.each([
    ["Damaged\nToo late", [{ value: "damaged", label: { en: "Damaged" } }, { value: "too_late", label: { en: "Too late" } }]],
    ["Damaged | 破损 | damaged_goods", [{ value: "damaged_goods", label: { en: "Damaged", zh: "破损" } }]],
    ["Damaged\t破损\r\nLost\t丢失", [{ value: "damaged", label: { en: "Damaged", zh: "破损" } }, { value: "lost", label: { en: "Lost", zh: "丢失" } }]],
    ["破损 | Damaged", [{ value: "damaged", label: { en: "Damaged", zh: "破损" } }]],
    ["破损\n丢失", [{ value: "option_1", label: { zh: "破损" } }, { value: "option_2", label: { zh: "丢失" } }]],
    ["Damaged | broken", [{ value: "broken", label: { en: "Damaged" } }]],
    ["1. One\n- Two\n\n", [{ value: "one", label: { en: "One" } }, { value: "two", label: { en: "Two" } }]],
    ["Same\nSame", [{ value: "same", label: { en: "Same" } }, { value: "same_2", label: { en: "Same" } }]],
  ])("%j", (text, choices) => {
    expect(choicesOf(text)).toEqual(choices);
  });

  test("keeps the values of labels that it knows, and what else stands there", () => {
    const known = [{ value: "x17", label: { en: "Damaged", zh: "破损" }, colour: "red" }];
    expect(choicesOf("Lost\n破损", known)).toEqual([{ value: "lost", label: { en: "Lost" } }, { value: "x17", label: { en: "Damaged", zh: "破损" }, colour: "red" }]);
  });

  test("comes out as it went in", () => {
    const choices = [{ value: "vip", label: { en: "Very important", zh: "重要" } }, { value: "web", label: "Web shop" }];
    expect(textOfChoices(choices)).toBe("Very important | 重要 | vip\nWeb shop | web");
    expect(choicesOf(textOfChoices(choices)).map((each) => (each as { value: string }).value)).toEqual(["vip", "web"]);
  });
});

test("one more choice has a value of its own", () => {
  expect(freshChoice([{ value: "option_1" }], { en: "New" })).toEqual({ value: "option_2", label: { en: "New" } });
});
