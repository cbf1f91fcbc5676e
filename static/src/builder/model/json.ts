/** JSON values, and the way to a part of one. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };
/** Keys and indexes from the outside in: `["steps", 0, "due", "in"]`. */
export type Path = readonly (string | number)[];

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The part at `path`, `undefined` where there is none. */
export function at(document: Json, path: Path): Json | undefined {
  let here: Json | undefined = document;
  for (const key of path) here = child(here, key);
  return here;
}

/** The part below a value by its key or index; what JavaScript's own objects bring along is no part. */
export function child(value: Json | undefined, key: string | number): Json | undefined {
  if (Array.isArray(value)) return typeof key === "number" ? value[key] : undefined;
  return isObject(value) && Object.hasOwn(value, String(key)) ? value[String(key)] : undefined;
}

/** The path as a JSON Pointer (RFC 6901). */
export function pointer(path: Path): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The path of a JSON Pointer. Digits are an index: with `document` only where a list is met, else wherever they stand. */
export function pathOf(pointed: string, document?: Json): Path {
  if (!pointed) return [];
  const path: (string | number)[] = [];
  let here = document;
  for (const part of pointed.slice(1).split("/")) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    const index = /^(0|[1-9]\d*)$/.test(name) && (document === undefined || Array.isArray(here));
    const key = index ? Number(name) : name;
    path.push(key);
    here = child(here, key);
  }
  return path;
}

export function samePath(one: Path | null, other: Path | null): boolean {
  if (one === null || other === null) return one === other;
  return one.length === other.length && one.every((key, index) => key === other[index]);
}

/** Whether `path` is `outer` or leads to a part of it. */
export function isWithin(path: Path, outer: Path): boolean {
  return path.length >= outer.length && outer.every((key, index) => key === path[index]);
}

/** Whether two values are the same JSON; the order of keys does not count. */
export function same(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((value, index) => same(value, other[index]));
  }
  if (!isObject(one) || !isObject(other)) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]));
}
