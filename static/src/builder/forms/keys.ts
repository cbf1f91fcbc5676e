/** Keys of fields: stable names that people rarely need to see. */

/** What the server takes (`forms/fields/options.py`). */
const KEY = /^[a-z][a-z0-9_]{0,62}$/;
/** Words of conditions and formulas, and names that mean something to the languages below (`forms/schema.py`). */
const RESERVED = new Set(["all", "any", "not", "field", "submitter", "true", "false", "constructor", "prototype", "null", "undefined"]);

export type KeyProblem = "key_malformed" | "key_reserved" | "key_taken";

/** What is wrong with a key, `null` if nothing is. */
export function keyProblem(key: string, taken: ReadonlySet<string>): KeyProblem | null {
  if (!KEY.test(key)) return "key_malformed";
  if (RESERVED.has(key)) return "key_reserved";
  return taken.has(key) ? "key_taken" : null;
}

/** A key made of a label's Latin letters and digits, `""` where it has none: `"Customer's e-mail"` is `customers_e_mail`. */
export function keyOf(label: string): string {
  const plain = label.normalize("NFD").replace(/\p{M}/gu, "").replace(/['’]/g, "").toLowerCase();
  const words = plain.replace(/[^a-z0-9]+/g, "_").replace(/^[_0-9]+|_+$/g, "");
  return words.slice(0, 40).replace(/_+$/, "");
}

/** `wanted`, or with a number behind it where that is taken. */
export function freshKey(wanted: string, taken: ReadonlySet<string>): string {
  const start = KEY.test(wanted) ? wanted : "field";
  if (!RESERVED.has(start) && !taken.has(start)) return start;
  const stem = start.replace(/_\d+$/, "");
  for (let number = 2; ; number++) {
    const key = `${stem}_${number}`;
    if (!taken.has(key)) return key;
  }
}
