/** The few edits that lead from one document to another: lists are compared by what their elements are called. */

import { apply, type Edit } from "./edits";
import { isObject, type Json, type JsonObject, type Path, same } from "./json";

const NAMES = ["key", "id", "value", "name", "for"] as const;

/** `apply(before, diff(before, after))` is `after`, in the same order of keys. */
export function diff(before: Json, after: Json): Edit {
  const edits: Edit[] = [];
  between(before, after, [], edits);
  return { kind: "many", edits };
}

/** What an element of a list is called, `null` if by nothing but its place. */
export function identity(value: Json): string | null {
  if (typeof value === "string") return `:${value}`;
  if (!isObject(value)) return null;
  for (const name of NAMES) {
    const found = value[name];
    if (typeof found === "string" && found) return `${name}:${found}`;
  }
  return null;
}

/** The identities of a list; `null` where not every element has one of its own. */
export function identities(list: readonly Json[]): string[] | null {
  const found = list.map(identity);
  return found.every((each) => each !== null) && new Set(found).size === found.length ? (found as string[]) : null;
}

function between(before: Json, after: Json, path: Path, edits: Edit[]): void {
  if (sameText(before, after)) return;
  if (isObject(before) && isObject(after)) return objects(before, after, path, edits);
  if (Array.isArray(before) && Array.isArray(after)) return lists(before, after, path, edits);
  edits.push({ kind: "set", path, value: after });
}

/** The same, down to the order of keys. */
function sameText(one: Json, other: Json): boolean {
  return one === other || (same(one, other) && JSON.stringify(one) === JSON.stringify(other));
}

function objects(before: JsonObject, after: JsonObject, path: Path, edits: Edit[]): void {
  const here: Edit[] = [];
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) here.push({ kind: "set", path: [...path, key], value: undefined });
  }
  const keys = Object.keys(after);
  for (let place = keys.length - 1; place >= 0; place--) {
    const key = keys[place] as string;
    const next = keys[place + 1];
    const value = after[key] as Json;
    if (!Object.hasOwn(before, key)) here.push(added([...path, key], value, next));
  }
  const changed: Edit[] = [];
  for (const key of keys) {
    if (Object.hasOwn(before, key)) between(before[key] as Json, after[key] as Json, [...path, key], changed);
  }
  const shape = here.reduce<Json>((value, edit) => apply(value, cut(edit, path.length)), before);
  if (Object.keys(shape as JsonObject).join("\0") !== keys.join("\0")) edits.push({ kind: "set", path, value: after });
  else edits.push(...changed, ...here);
}

function added(path: Path, value: Json, before: string | undefined): Edit {
  return before === undefined ? { kind: "set", path, value } : { kind: "set", path, value, before };
}

/** The edit as seen from the part at `depth`. */
function cut(edit: Edit, depth: number): Edit {
  return edit.kind === "set" ? { ...edit, path: edit.path.slice(depth) } : edit;
}

function lists(before: Json[], after: Json[], path: Path, edits: Edit[]): void {
  const old = identities(before);
  const young = identities(after);
  if (old && young) byName(before, old, after, young, path, edits);
  else byPlace(before, after, path, edits);
}

function byName(before: Json[], old: string[], after: Json[], young: string[], path: Path, edits: Edit[]): void {
  const wanted = new Set(young);
  const here = [...old];
  for (let index = here.length - 1; index >= 0; index--) {
    if (wanted.has(here[index] as string)) continue;
    edits.push({ kind: "remove", path: [...path, index] });
    here.splice(index, 1);
  }
  reorder(here, young, path, edits);
  const known = new Set(old);
  for (const [index, name] of young.entries()) {
    if (!known.has(name)) edits.push({ kind: "insert", path: [...path, index], value: after[index] as Json });
    else between(before[old.indexOf(name)] as Json, after[index] as Json, [...path, index], edits);
  }
}

/** As few moves as lead from the order `here` to that of `young`: what rises already stays where it is. */
function reorder(here: string[], young: readonly string[], path: Path, edits: Edit[]): void {
  const there = new Set(here);
  const order = young.filter((name) => there.has(name));
  const rank = new Map(order.map((name, place) => [name, place]));
  const staying = new Set(rising(here.map((name) => rank.get(name) as number)).map((place) => order[place]));
  for (const [place, name] of order.entries()) {
    if (staying.has(name)) continue;
    const from = here.indexOf(name);
    here.splice(from, 1);
    const to = place === 0 ? 0 : here.indexOf(order[place - 1] as string) + 1;
    here.splice(to, 0, name);
    edits.push({ kind: "move", from: [...path, from], to: [...path, to] });
  }
}

/** The longest rising part of `numbers`, which are all different. */
function rising(numbers: readonly number[]): number[] {
  const ends: number[] = []; // ends[n]: the index of the smallest number at which n + 1 numbers rise
  const from = new Map<number, number | undefined>();
  for (const [index, number] of numbers.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[ends[middle] as number] as number) < number) low = middle + 1;
      else high = middle;
    }
    from.set(index, ends[low - 1]);
    ends[low] = index;
  }
  const found: number[] = [];
  for (let index = ends.at(-1); index !== undefined; index = from.get(index)) found.unshift(numbers[index] as number);
  return found;
}

function byPlace(before: Json[], after: Json[], path: Path, edits: Edit[]): void {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && sameText(before[start] as Json, after[start] as Json)) start++;
  let end = 0;
  while (end < most - start && sameText(before.at(-1 - end) as Json, after.at(-1 - end) as Json)) end++;
  const changed = Math.min(before.length, after.length) - start - end;
  for (let index = start; index < start + changed; index++) {
    between(before[index] as Json, after[index] as Json, [...path, index], edits);
  }
  for (let index = before.length - end - 1; index >= start + changed; index--) edits.push({ kind: "remove", path: [...path, index] });
  for (let index = start + changed; index < after.length - end; index++) {
    edits.push({ kind: "insert", path: [...path, index], value: after[index] as Json });
  }
}
