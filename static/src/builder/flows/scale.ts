/** What values a field of the form takes, as the proof of a route sees them (flows/check/field_domains.py). */

import { isObject, type Json, type JsonObject } from "../model/json";
import { type Bound, decimalText, type Scale } from "./bands";
import { formFields } from "./steps";
import { text } from "./tree";

/** More decimals than this are as good as endless. */
const MOST_PLACES = 4;

export function scaleOf(field: string, form: JsonObject | null): Scale {
  const found = formFields(form).find((each) => each["key"] === field);
  const ends = checkedEnds(field, form);
  return {
    field,
    places: found ? placesOf(found) : null,
    min: decimalBound(found?.["min"]) ?? ends.min,
    max: decimalBound(found?.["max"]) ?? ends.max,
  };
}

function decimalBound(value: Json | undefined): Bound | null {
  const found = decimalText(value);
  return found === null ? null : { value: found, closed: true };
}

function placesOf(field: JsonObject): number | null {
  switch (field["type"]) {
    case "integer":
    case "rating":
      return 0;
    case "money":
      return currencyPlaces(text(field["currency"]));
    case "number":
    case "percent":
      return typeof field["decimals"] === "number" && field["decimals"] <= MOST_PLACES ? field["decimals"] : null;
    default:
      return null;
  }
}

function currencyPlaces(currency: string): number {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

const CHECK = /^\s*(\w+)\s*(>=|>|<=|<)\s*(\d+(?:\.\d+)?)\s*$/;

/** What the checks of the form say of the field alone: `amount > 0`, `{"amount": {"lte": "9"}}`. */
function checkedEnds(field: string, form: JsonObject | null): { min: Bound | null; max: Bound | null } {
  let [min, max]: (Bound | null)[] = [null, null];
  const rules = form?.["rules"];
  for (const rule of Array.isArray(rules) ? rules.filter(isObject) : []) {
    if (rule["when"] !== undefined) continue;
    for (const [operator, value] of testsOf(rule["check"], field)) {
      const bound = { value, closed: operator.includes("=") || operator.endsWith("e") };
      if (operator.startsWith(">") || operator.startsWith("g")) min ??= bound;
      else max ??= bound;
    }
  }
  return { min: min ?? null, max: max ?? null };
}

function testsOf(check: Json | undefined, field: string): [string, string][] {
  if (typeof check === "string") {
    const found = CHECK.exec(check);
    return found && found[1] === field ? [[found[2] ?? "", found[3] ?? ""]] : [];
  }
  const test = isObject(check) && Object.keys(check).length === 1 ? check[field] : undefined;
  if (!isObject(test)) return [];
  return Object.entries(test).flatMap(([operator, value]): [string, string][] => {
    const number = ["gt", "gte", "lt", "lte"].includes(operator) ? decimalText(value) : null;
    return number === null ? [] : [[operator, number]];
  });
}
