/** An edit in words: "field “Amount”: label is now “Total”". */

import { type Language, type WordKey, currentLanguage, isWord, t } from "../words";
import { apply, type Edit, isNothing } from "./edits";
import { at, isObject, type Json, type JsonObject, type Path } from "./json";

const LONGEST = 60;

/** What the edit does to `document`, which is that from before it. */
export function describe(document: Json, edit: Edit, language: Language = currentLanguage()): string {
  const say: Say = (key, params = {}) => t(key, params, language);
  const named = new Naming(document, language, say);
  switch (edit.kind) {
    case "set":
      return named.set(edit.path, edit.value);
    case "insert":
      return named.inserted(edit.path, edit.value);
    case "remove":
      return named.within(edit.path, "edit_removed", named.element(edit.path, at(document, edit.path)));
    case "move":
      return named.moved(edit.from, edit.to);
    case "many":
      return several(document, edit, language, say);
  }
}

/** A text in the given language, else in any that there is. */
export function localText(value: Json | undefined, language: Language = currentLanguage()): string {
  if (typeof value === "string") return value;
  if (!isObject(value)) return "";
  const order = language === "en" ? ["en", "zh"] : ["zh", "en"];
  for (const key of [...order, ...Object.keys(value)]) {
    const text = value[key];
    if (typeof text === "string" && text) return text;
  }
  return "";
}

type Say = (key: WordKey, params?: Record<string, string | number>) => string;

function several(document: Json, edit: Extract<Edit, { kind: "many" }>, language: Language, say: Say): string {
  const real = edit.edits.filter((each) => !isNothing(each));
  const [first, ...rest] = real;
  if (first === undefined) return say("edit_nothing");
  if (edit.label !== undefined && isWord(edit.label)) return say(edit.label);
  const what = describe(document, first, language);
  return rest.length ? say("edit_and_more", { what, n: rest.length }) : what;
}

class Naming {
  constructor(
    private readonly document: Json,
    private readonly language: Language,
    private readonly say: Say,
  ) {}

  set(path: Path, value: Json | undefined): string {
    if (path.length === 0) return this.say("edit_changed", { where: this.say("document"), what: "" });
    const depth = this.depthOfOwner(path);
    const where = this.place(path.slice(0, depth));
    const what = path.slice(depth).map((key) => this.property(key)).join(" · ") || this.say("document");
    if (depth === path.length) return this.say("edit_changed", { where, what: this.element(path, value) });
    if (value === undefined) return this.say("edit_cleared", { where, what });
    const shown = this.shown(value);
    return shown === null ? this.say("edit_changed", { where, what }) : this.say("edit_set", { where, what, value: shown });
  }

  inserted(path: Path, value: Json): string {
    return this.within(path, "edit_added", this.element(path, value));
  }

  moved(from: Path, to: Path): string {
    const what = this.element(from, at(this.document, from));
    const place = Number(to.at(-1)) + 1;
    const list = to.slice(0, -1);
    const inside = from.length === to.length && list.every((key, index) => key === from[index]);
    if (inside) return this.say("edit_moved", { what, place });
    const without = apply(this.document, { kind: "remove", path: from });
    const where = new Naming(without, this.language, this.say).place(list.slice(0, -1));
    return this.say("edit_moved_into", { what, place, where });
  }

  /** Said of an element: with the thing that holds its list, unless that is the document. */
  within(path: Path, key: "edit_added" | "edit_removed", what: string): string {
    const depth = this.depthOfOwner(path.slice(0, -1));
    return depth === 0
      ? this.say(key, { what })
      : this.say(`${key}_in`, { what, where: this.place(path.slice(0, depth)) });
  }

  /** How long the path is to the nearest element of a list that is an object: a field, a step, a branch. */
  private depthOfOwner(path: Path): number {
    for (let depth = path.length - 1; depth > 0; depth--) {
      if (typeof path[depth - 1] === "number" && isObject(at(this.document, path.slice(0, depth)))) return depth;
    }
    return 0;
  }

  private place(path: Path): string {
    if (path.length === 0) return this.say("document");
    const depth = typeof path.at(-1) === "number" ? path.length : this.depthOfOwner([...path, ""]);
    const owner = path.slice(0, depth);
    return depth === 0 ? this.say("document") : this.element(owner, at(this.document, owner));
  }

  /** The nearest element that has a name, and what of it. */
  whole(path: Path): string {
    let depth = path.length;
    while (depth > 0 && !(typeof path[depth - 1] === "number" && isObject(at(this.document, path.slice(0, depth))))) depth--;
    const rest = path.slice(depth).map((key) => this.property(key));
    return [this.place(path.slice(0, depth)), ...rest].join(" · ");
  }

  /** An element by the word for its list and its name. */
  element(path: Path, value: Json | undefined): string {
    const list = String(path.at(-2) ?? "");
    const name = this.name(value, Number(path.at(-1)));
    const key = `part_${list}`;
    return isWord(key) ? this.say(key, { name }) : this.say("part_other", { list: this.property(list), name });
  }

  private name(value: Json | undefined, index: number): string {
    if (typeof value === "string" || typeof value === "number") return this.quoted(String(value));
    if (isObject(value)) {
      const own = ["label", "title", "name"].map((key) => localText(value[key], this.language)).find(Boolean);
      const key = own ?? ["key", "id", "value"].map((each) => value[each]).find((each) => typeof each === "string");
      if (typeof key === "string") return this.quoted(key);
    }
    return Number.isNaN(index) ? "" : String(index + 1);
  }

  private property(key: string | number): string {
    const word = `key_${key}`;
    if (isWord(word)) return this.say(word);
    return typeof key === "number" ? String(key + 1) : key.replaceAll("_", " ");
  }

  /** `null` for what is too much to show. */
  private shown(value: Json): string | null {
    if (value === null || value === "") return this.say("nothing_value");
    if (typeof value === "boolean") return this.say(value ? "yes" : "no");
    if (typeof value === "number") return String(value);
    if (typeof value === "string") return this.quoted(value);
    if (Array.isArray(value)) return this.list(value);
    return isLocalText(value) ? this.quoted(localText(value, this.language)) : null;
  }

  private list(value: Json[]): string | null {
    if (value.length === 0) return this.say("nothing_value");
    const plain = value.every((each) => typeof each === "string" || typeof each === "number");
    const text = value.join(this.language === "en" ? ", " : "、");
    return plain && text.length <= LONGEST ? text : this.say("a_list", { n: value.length });
  }

  private quoted(text: string): string {
    const short = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
    return `“${short}”`;
  }
}

function isLocalText(value: JsonObject): boolean {
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => key === "en" || key === "zh");
}

/** Where a part is, for people: "step “Finance” · deadline". */
export function placeInWords(document: Json, path: Path, language: Language = currentLanguage()): string {
  return new Naming(document, language, (key, params = {}) => t(key, params, language)).whole(path);
}
