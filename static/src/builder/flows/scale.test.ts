import { expect, it } from "vitest";
import type { JsonObject } from "../model/json";
import { scaleOf } from "./scale";

const form = (field: JsonObject, ...rules: JsonObject[]): JsonObject => ({ fields: [{ key: "amount", ...field }], rules });
const told = (document: JsonObject): string => {
  const { places, min, max } = scaleOf("amount", document);
  const end = (bound: typeof min): string => (bound ? `${bound.closed ? "=" : ""}${bound.value}` : "-");
  return `${places} ${end(min)} ${end(max)}`;
};

it.each<[string, JsonObject, string]>([
  ["yuan", form({ type: "money", currency: "CNY", min: "0" }), "2 =0 -"],
  ["yen", form({ type: "money", currency: "JPY" }), "0 - -"],
  ["whole numbers", form({ type: "integer", min: 1, max: 9 }), "0 =1 =9"],
  ["decimals that are kept", form({ type: "number", decimals: 1 }), "1 - -"],
  ["any decimals", form({ type: "number" }), "null - -"],
  ["a check in words", form({ type: "money", currency: "CNY" }, { check: "amount > 0", message: "" }), "2 0 -"],
  ["a check as a condition", form({ type: "money", currency: "CNY" }, { check: { amount: { gte: "1", lte: "9" } }, message: "" }), "2 =1 =9"],
  ["a check that holds sometimes", form({ type: "integer" }, { when: { kind: "a" }, check: "amount > 0" }), "0 - -"],
  ["a check against another field", form({ type: "integer" }, { check: { amount: { lte: { field: "paid" } } } }), "0 - -"],
  ["no such field", { fields: [] }, "null - -"],
])("%s", (_name, document, expected) => expect(told(document)).toBe(expected));
