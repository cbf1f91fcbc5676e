/** What is wrong with a value, in the server's own words: said at once, and only where the server would say the same. */

import { type Field, readInput, type Place } from "./sorts";
import { Decimal } from "./values";

/** Sentences with `%(name)s` in them, in the language of the page. */
export type Words = Record<"required" | "min" | "max" | "rows" | "number", string>;

export function fill(sentence: string, values: Record<string, string>): string {
  return sentence.replace(/%\((\w+)\)s|%%/g, (all, name: string | undefined) => (all === "%%" ? "%" : (values[name ?? ""] ?? "")));
}

/** `null`: nothing that is known here; `undefined`: only the server knows. */
export function complaint(field: Field, texts: readonly string[], words: Words, place: Place): string | null | undefined {
  const text = (texts.at(-1) ?? "").trim();
  if (text === "" || readInput(field, texts, place) !== null) return field.checked && text !== "" ? undefined : null;
  return field.base === "number" ? ofNumber(field, text, words) : undefined;
}

function ofNumber(field: Field, text: string, words: Words): string | undefined {
  if (!/^[+-]?\d{1,17}(\.\d{1,9})?$/.test(text)) return /\d|[０-９]/.test(text) || text.length > 40 ? undefined : fill(words.number, { value: `“${text}”` });
  const value = new Decimal(text);
  if (value.decimalPlaces() > (field.places ?? 0)) return undefined;
  if (field.min !== undefined && value.lt(field.min)) return fill(words.min, { value: text, min: field.min });
  if (field.max !== undefined && value.gt(field.max)) return fill(words.max, { value: text, max: field.max });
  return undefined;
}
