/** Everywhere a form's document names a field: what is renamed with it, and what would miss it. */

import { isObject, type Json, type JsonObject, type Path } from "../model/json";
import type { Edit } from "../model/edits";
import { Composition } from "./composing";
import { everyField, findField, listOf, type Spot } from "./outline";

export type Mention = "rule" | "formula" | "summary" | "layout" | "fill" | "filter" | "balance" | "public";

/** A part of the document that names fields; `rewritten` says it with other names. */
export interface Place {
  what: Mention;
  path: Path;
  names: ReadonlySet<string>;
  rewritten: (rename: Rename) => Json;
}

/** A full name (`lines.total`) for another. */
export type Rename = (name: string) => string;

const LISTS = ["show", "hide", "require", "readonly"] as const;

/** All places in the order of the document. */
export function placesOf(document: JsonObject): Place[] {
  const scopes = new Map<string, Set<string>>();
  for (const spot of everyField(document)) if (spot.table) scopes.set(spot.table, (scopes.get(spot.table) ?? new Set()).add(spot.key));
  return new Places(document, scopes).all();
}

/** Places that name the field, or one of its columns or parts. */
export function mentionsOf(document: JsonObject, name: string): Place[] {
  return placesOf(document).filter((place) => [...place.names].some((each) => isOf(each, name)));
}

/** Whether a name is that of the field or of something inside it. */
export function isOf(name: string, field: string): boolean {
  return name === field || name.startsWith(`${field}.`);
}

/** Give a field or column another key, everywhere in the document. */
export function renamed(document: JsonObject, name: string, key: string): Edit {
  const made = new Composition(document);
  const spot = findField(document, name);
  if (!spot || spot.key === key) return made.edit("form_renamed_key");
  const after = spot.table === undefined ? key : `${spot.table}.${key}`;
  const rename: Rename = (each) => (isOf(each, name) ? after + each.slice(name.length) : each);
  for (const place of mentionsOf(document, name)) made.set(place.path, place.rewritten(rename));
  return made.set([...spot.path, "key"], key).edit("form_renamed_key");
}

/** Names in a formula, those of columns in full: `quantity` inside of `lines` is `lines.quantity`. */
export function namesInFormula(text: string, scope?: Scope): string[] {
  return tokens(text).flatMap((token) => (token.isName ? [inFull(token.text, scope)] : []));
}

export function formulaRewritten(text: string, rename: Rename, scope?: Scope): string {
  return tokens(text)
    .map((token) => (token.isName ? inShort(rename(inFull(token.text, scope)), token.text, scope) : token.text))
    .join("");
}

/** Names that a condition asks for, and that it compares with (`{"field": …}`). */
export function namesInCondition(condition: Json | undefined, scope?: Scope): string[] {
  const found: string[] = [];
  if (condition !== undefined) conditionRewritten(condition, (name) => (found.push(name), name), scope);
  return found;
}

/** `asked`: whether the names that are asked for are ours, or only those that are compared with. */
interface Ours {
  asked: boolean;
  /** The columns of a table, of which `{"lines": {"any": …}}` asks. */
  scopeOf?: (table: string) => Scope | undefined;
}

export function conditionRewritten(condition: Json, rename: Rename, scope?: Scope, ours: Ours = { asked: true }): Json {
  const name = (text: string): string => inShort(rename(inFull(text, scope)), text, scope);
  const inTest = (test: Json, table: string): Json => {
    if (!isObject(test)) return test;
    if (typeof test["field"] === "string") return { ...test, field: name(test["field"]) };
    return mapped(test, (key, value) => {
      if ((key === "any" || key === "all") && isObject(value)) return [key, conditionRewritten(value, rename, ours.scopeOf?.(table) ?? scope, ours)];
      return [key, isObject(value) && typeof value["field"] === "string" ? { ...value, field: name(value["field"]) } : value];
    });
  };
  const walk = (each: Json): Json => {
    if (!isObject(each)) return each;
    return mapped(each, (key, value) => {
      if (key === "all" || key === "any") return [key, Array.isArray(value) ? value.map(walk) : value];
      if (key === "not") return [key, walk(value)];
      return [ours.asked ? name(key) : key, inTest(value, key)];
    });
  };
  return walk(condition);
}

/** The table whose columns may be named alone, and their keys. */
export interface Scope {
  table: string;
  columns: ReadonlySet<string>;
}

class Places {
  private readonly found: Place[] = [];

  constructor(
    private readonly document: JsonObject,
    private readonly scopes: ReadonlyMap<string, ReadonlySet<string>>,
  ) {}

  all(): Place[] {
    for (const spot of everyField(this.document)) this.field(spot);
    this.layout();
    for (const [index, rule] of listOf(this.document["rules"]).entries()) if (isObject(rule)) this.rule(rule, ["rules", index]);
    this.list("summary", ["summary"], this.document["summary"]);
    const open = this.document["public"];
    if (isObject(open)) for (const key of ["status", "later"]) this.list("public", ["public", key], open[key]);
    return this.found;
  }

  private scope(table: string | undefined): Scope | undefined {
    const columns = table === undefined ? undefined : this.scopes.get(table);
    return table === undefined || columns === undefined ? undefined : { table, columns };
  }

  private field({ field, path, table }: Spot): void {
    const scope = this.scope(table);
    this.formula("formula", [...path, "compute"], field["compute"], scope);
    if (field["type"] !== "lookup") return;
    this.keys("fill", [...path, "fill"], field["fill"], scope);
    const filter = field["filter"];
    if (isObject(filter)) this.condition("filter", [...path, "filter"], filter, scope, { asked: false });
    for (const [index, balance] of listOf(field["balance"]).entries()) {
      if (!isObject(balance)) continue;
      this.name("balance", [...path, "balance", index, "take"], balance["take"], scope);
      this.keys("balance", [...path, "balance", index, "per"], balance["per"], scope);
    }
  }

  private layout(): void {
    for (const [index, section] of listOf(this.document["layout"]).entries()) {
      if (!isObject(section)) continue;
      for (const [row, cells] of listOf(section["rows"]).entries()) {
        for (const [place, cell] of listOf(cells).entries()) {
          const path = ["layout", index, "rows", row, place];
          if (isObject(cell)) this.name("layout", [...path, "field"], cell["field"]);
          else this.name("layout", path, cell);
        }
      }
    }
  }

  private rule(rule: JsonObject, path: Path): void {
    const at = rule["at"];
    const scope = this.scope(typeof at === "string" && at.includes(".") ? at.split(".")[0] : undefined);
    this.question([...path, "when"], rule["when"]);
    for (const word of LISTS) this.list("rule", [...path, word], rule[word]);
    const set = rule["set"];
    if (isObject(set)) {
      this.keys("rule", [...path, "set"], set);
      // the formulas stand below keys that a rename has changed already: both are one place
      this.sets(path, set);
    }
    this.question([...path, "check"], rule["check"], scope);
    const duplicate = rule["duplicate"];
    if (isObject(duplicate)) this.list("rule", [...path, "duplicate", "fields"], duplicate["fields"]);
    this.name("rule", [...path, "at"], at);
  }

  private sets(path: Path, set: JsonObject): void {
    const place = this.found.pop();
    const formulas = Object.values(set).filter((text) => typeof text === "string");
    this.found.push({
      what: "rule",
      path: [...path, "set"],
      names: new Set([...(place?.names ?? []), ...formulas.flatMap((text) => namesInFormula(text))]),
      rewritten: (rename) => mapped(set, (key, text) => [rename(key), typeof text === "string" ? formulaRewritten(text, rename) : text]),
    });
  }

  private question(path: Path, question: Json | undefined, scope?: Scope): void {
    if (typeof question === "string") this.formula("rule", path, question, scope);
    else if (question !== undefined) this.condition("rule", path, question, scope);
  }

  private formula(what: Mention, path: Path, text: Json | undefined, scope?: Scope): void {
    if (typeof text !== "string") return;
    this.found.push({ what, path, names: new Set(namesInFormula(text, scope)), rewritten: (rename) => formulaRewritten(text, rename, scope) });
  }

  private condition(what: Mention, path: Path, condition: Json, scope?: Scope, asked: { asked: boolean } = { asked: true }): void {
    const ours: Ours = { ...asked, scopeOf: (table) => this.scope(table) };
    const names = new Set<string>();
    conditionRewritten(condition, (name) => (names.add(name), name), scope, ours);
    this.found.push({ what, path, names, rewritten: (rename) => conditionRewritten(condition, rename, scope, ours) });
  }

  private list(what: Mention, path: Path, list: Json | undefined): void {
    if (!Array.isArray(list)) return;
    const names = list.filter((each) => typeof each === "string");
    this.found.push({ what, path, names: new Set(names), rewritten: (rename) => list.map((each) => (typeof each === "string" ? rename(each) : each)) });
  }

  private keys(what: Mention, path: Path, map: Json | undefined, scope?: Scope): void {
    if (!isObject(map)) return;
    const names = new Set(Object.keys(map).map((key) => inFull(key, scope)));
    const rewritten = (rename: Rename): Json => mapped(map, (key, value) => [inShort(rename(inFull(key, scope)), key, scope), value]);
    this.found.push({ what, path, names, rewritten });
  }

  private name(what: Mention, path: Path, name: Json | undefined, scope?: Scope): void {
    if (typeof name !== "string") return;
    const full = inFull(name, scope);
    this.found.push({ what, path, names: new Set([full]), rewritten: (rename) => inShort(rename(full), name, scope) });
  }
}

function inFull(name: string, scope: Scope | undefined): string {
  return scope?.columns.has(name) ? `${scope.table}.${name}` : name;
}

/** A new full name as short as the old one stood there. */
function inShort(full: string, before: string, scope: Scope | undefined): string {
  return scope?.columns.has(before) ? full.slice(full.indexOf(".") + 1) : full;
}

function mapped(object: JsonObject, change: (key: string, value: Json) => [string, Json]): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => change(key, value)));
}

interface Token {
  text: string;
  isName: boolean;
}

/** As `forms/formulas/grammar.lark` reads names: texts in quotes and names of functions are none. */
const TOKEN = /"(?:[^"]|"")*"|“[^”]*”|[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?|[^"“A-Za-z_]+|["“]/g;
const FUNCTION = /^\s*[(（]/;

function tokens(text: string): Token[] {
  const parts = [...text.matchAll(TOKEN)];
  return parts.map((part) => {
    const [word] = part;
    const isWord = /^[A-Za-z_]/.test(word) && !/^(true|false)$/i.test(word);
    return { text: word, isName: isWord && !FUNCTION.test(text.slice(part.index + word.length)) };
  });
}
