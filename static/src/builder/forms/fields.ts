/** Fields come, are copied, change their type and go; the rest of the document follows. */

import { at, isObject, type Json, type JsonObject, type Path } from "../model/json";
import type { Edit } from "../model/edits";
import type { Catalogue, Option, TypeInfo } from "../model/boot";
import { Composition } from "./composing";
import { freshChoice } from "./choices";
import { freshKey, keyOf } from "./keys";
import { orderOf, type Place, placed, placeOf, sectionsOf, unplaced } from "./layout";
import { isOf, mentionsOf, renamed } from "./names";
import { columnsOf, everyField, fieldsOf, findField, listOf, type Spot } from "./outline";
import type { Tongue } from "./texts";

/** What an edit brings: the name and path of the field that is then chosen. */
export interface Brought {
  edit: Edit;
  name: string;
  path: Path;
}

export interface Maker {
  catalogue: Catalogue;
  /** The language in which the admin writes: a new field is called by its type's name in it. */
  tongue: Tongue;
}

/** Add a field of a type, at a place of the layout or below `after`, else at the end. */
export function addField(document: JsonObject, type: TypeInfo, maker: Maker, place?: Place, after?: string): Brought {
  const field = newField(type, takenKeys(document), document, maker);
  return brought(document, field, place ?? below(document, after), after ?? before(document, place), "form_added_field");
}

/** A column in front of the one with that index, else at the end. */
export function addColumn(document: JsonObject, table: string, type: TypeInfo, maker: Maker, index?: number): Brought | null {
  const spot = findField(document, table);
  if (!spot) return null;
  const columns = listOf(spot.field["columns"]);
  const taken = new Set(columnsOf(spot).map((column) => column.key));
  const column = newField(type, taken, document, maker);
  const path = [...spot.path, "columns", index ?? columns.length];
  const made = new Composition(document);
  if (!Array.isArray(spot.field["columns"])) made.set([...spot.path, "columns"], []);
  return { edit: made.do({ kind: "insert", path, value: column }).edit("form_added_column"), name: `${table}.${String(column["key"])}`, path };
}

/** A field as a type asks for it at least: with every option that it cannot do without. */
export function newField(type: TypeInfo, taken: ReadonlySet<string>, document: JsonObject, maker: Maker): JsonObject {
  const field: JsonObject = { key: freshKey(type.name, taken), type: type.name, label: { [maker.tongue]: type.label } };
  if (type.sort === "table") field["columns"] = columnsFor(document, maker);
  return { ...field, ...neededOptions(type, document, maker) };
}

/** A copy below the field, with a key of its own. */
export function duplicate(document: JsonObject, name: string, copied: (label: string, tongue: Tongue) => string): Brought | null {
  const spot = findField(document, name);
  if (!spot) return null;
  const siblings = spot.table === undefined ? takenKeys(document) : columnKeys(document, spot.table);
  const label = spot.field["label"];
  const field: JsonObject = { ...spot.field, key: freshKey(spot.key, siblings) };
  if (label !== undefined) field["label"] = copiedLabel(label, copied);
  if (spot.table === undefined) return brought(document, field, below(document, name), name, "form_copied_field");
  const path = [...spot.path.slice(0, -1), Number(spot.path.at(-1)) + 1];
  const edit: Edit = { kind: "many", edits: [{ kind: "insert", path, value: field }], label: "form_copied_column" };
  return { edit, name: `${spot.table}.${String(field["key"])}`, path };
}

/** Take a field out, and its key out of every list. Conditions and formulas that ask for it stay, and the check says so. */
export function removeField(document: JsonObject, name: string): Edit {
  const made = new Composition(document);
  const gone = (each: Json): boolean => typeof each === "string" && isOf(each, name);
  for (const place of mentionsOf(document, name)) {
    const value = at(document, place.path);
    if (place.what === "layout" || place.path.at(-1) === "compute") continue;
    if (Array.isArray(value)) made.set(place.path, value.filter((each) => !gone(each)));
    else if (place.path.at(-1) === "at") made.set(place.path, undefined);
    else if (isObject(value) && (place.path.at(-1) === "set" || place.what === "fill")) made.set(place.path, withoutKeys(value, name, place.names));
  }
  dropEmptyRules(document, made);
  const spot = findField(made.document, name);
  if (!spot) return made.edit("form_removed_field");
  if (spot.table === undefined) unplaced(made, name);
  return made.do({ kind: "remove", path: spot.path }).edit(spot.table === undefined ? "form_removed_field" : "form_removed_column");
}

/** Make a field of another type. What both types know stays, what only the old one knew goes. */
export function changeType(document: JsonObject, spot: Spot, to: TypeInfo, maker: Maker): Edit {
  const from = maker.catalogue.types.find((type) => type.name === spot.type);
  const lost = new Set((from?.options ?? []).filter((option) => !fits(option, to)).map((option) => option.name));
  if (from?.sort === "table" && to.sort !== "table") lost.add("columns");
  if (!to.computed) lost.add("compute");
  if (from?.sort !== to.sort) lost.add("default");
  const kept = Object.fromEntries(Object.entries(spot.field).filter(([key]) => !lost.has(key)));
  const needed = { ...(to.sort === "table" ? { columns: columnsFor(document, maker) } : {}), ...neededOptions(to, document, maker) };
  const field: JsonObject = { ...kept, type: to.name };
  for (const [key, value] of Object.entries(needed)) if (field[key] === undefined) field[key] = value;
  return { kind: "many", edits: [{ kind: "set", path: spot.path, value: field }], label: "form_changed_type" };
}

/** The key that a label asks for: of a field that was never published and whose key nobody chose. `null` where it stays. */
export function keyFollows(document: JsonObject, spot: Spot, label: string, before: string, published: ReadonlySet<string>): Edit | null {
  if (published.has(spot.name) || !isAutomatic(spot, before)) return null;
  const wanted = keyOf(label);
  if (!wanted) return null;
  const taken = spot.table === undefined ? takenKeys(document) : columnKeys(document, spot.table);
  taken.delete(spot.key);
  const key = freshKey(wanted, taken);
  return key === spot.key ? null : renamed(document, spot.name, key);
}

export function takenKeys(document: JsonObject): Set<string> {
  return new Set(fieldsOf(document).map((spot) => spot.key));
}

export function columnKeys(document: JsonObject, table: string): Set<string> {
  return new Set(everyField(document).filter((spot) => spot.table === table).map((spot) => spot.key));
}

function brought(document: JsonObject, field: JsonObject, place: Place | undefined, after: string | undefined, label: string): Brought {
  const made = new Composition(document);
  const list = listOf(document["fields"]);
  if (!Array.isArray(document["fields"])) made.set(["fields"], []);
  const behind = after === undefined ? undefined : findField(document, after)?.path.at(-1);
  const index = place && isFirst(document, place) ? 0 : typeof behind === "number" ? behind + 1 : list.length;
  const key = String(field["key"]);
  made.do({ kind: "insert", path: ["fields", index], value: field });
  placed(made, key, place ?? { section: null, row: Number.MAX_SAFE_INTEGER });
  return { edit: made.edit(label), name: key, path: ["fields", index] };
}

/** The row below a field. */
function below(document: JsonObject, name: string | undefined): Place | undefined {
  const place = name === undefined ? undefined : placeOf(document, name);
  return place && { section: place.section, row: place.row + 1 };
}

function isFirst(document: JsonObject, place: Place): boolean {
  return before(document, place) === undefined && orderOf(document).length > 0;
}

/** The field in front of a place, in reading order: the new one stands behind it in the list of fields, too. */
function before(document: JsonObject, place: Place | undefined): string | undefined {
  if (!place) return orderOf(document).at(-1);
  let last: string | undefined;
  for (const section of sectionsOf(document)) {
    const isThis = section.index === place.section;
    for (const [row, cells] of section.rows.entries()) {
      const ahead = !isThis || row < place.row ? cells : row === place.row && place.cell !== undefined ? cells.slice(0, place.cell) : [];
      last = ahead.at(-1)?.key ?? last;
    }
    if (isThis) break;
  }
  return last;
}

function columnsFor(document: JsonObject, maker: Maker): Json[] {
  const text = maker.catalogue.types.find((type) => type.name === "text");
  return text ? [newField(text, new Set(), document, maker)] : [];
}

function neededOptions(type: TypeInfo, document: JsonObject, maker: Maker): JsonObject {
  const needed: JsonObject = {};
  for (const option of type.options) {
    const value = option.required ? firstValue(option, document, maker) : undefined;
    if (value !== undefined) needed[option.name] = value;
  }
  return needed;
}

function firstValue(option: Option, document: JsonObject, maker: Maker): Json | undefined {
  if (option.default !== undefined && option.default !== null) return option.default;
  if (option.choices?.length) return option.choices[0]?.value;
  switch (option.kind) {
    case "choices":
      return firstChoices(maker);
    case "list":
    case "json":
      return [{ key: "item_1", label: { [maker.tongue]: maker.tongue === "zh" ? "项目 1" : "Item 1" } }];
    case "form":
      return maker.catalogue.forms.find((form) => form.key !== document["key"])?.key;
    case "boolean":
      return false;
    case "number":
      return option.decimal ? String(option.least ?? 0) : (option.least ?? 0);
    default:
      return undefined;
  }
}

function firstChoices({ tongue }: Maker): Json[] {
  const word = tongue === "zh" ? "选项" : "Option";
  const first = freshChoice([], { [tongue]: `${word} 1` });
  return [first, freshChoice([first], { [tongue]: `${word} 2` })];
}

function fits(option: Option, type: TypeInfo): boolean {
  return type.options.some((other) => other.name === option.name && other.kind === option.kind);
}

function isAutomatic({ key, type }: Spot, label: string): boolean {
  const stem = key.replace(/_\d+$/, "");
  return stem === type || stem === keyOf(label).replace(/_\d+$/, "");
}

function copiedLabel(label: Json, copied: (label: string, tongue: Tongue) => string): Json {
  if (typeof label === "string") return copied(label, "en");
  if (!isObject(label)) return label;
  return Object.fromEntries(Object.entries(label).map(([tongue, text]) => [tongue, typeof text === "string" ? copied(text, tongue === "zh" ? "zh" : "en") : text]));
}

function withoutKeys(map: JsonObject, name: string, names: ReadonlySet<string>): JsonObject {
  const isGone = (key: string): boolean => isOf(key, name) || (!key.includes(".") && name.includes(".") && names.has(name) && name.endsWith(`.${key}`));
  return Object.fromEntries(Object.entries(map).filter(([key]) => !isGone(key)));
}

/** Rules that only did something to the field do nothing now: they go. */
function dropEmptyRules(before: JsonObject, made: Composition): void {
  const old = listOf(before["rules"]);
  for (let index = old.length - 1; index >= 0; index--) {
    const [was, is] = [old[index], listOf(made.document["rules"])[index]];
    if (is !== was && doesNothing(is)) made.do({ kind: "remove", path: ["rules", index] });
  }
  for (const [index, rule] of listOf(made.document["rules"]).entries()) {
    if (!isObject(rule)) continue;
    for (const word of ["show", "hide", "require", "readonly", "set"]) {
      if (isEmpty(rule[word])) made.set(["rules", index, word], undefined);
    }
  }
}

const EFFECTS = ["show", "hide", "require", "readonly", "set"];

function doesNothing(rule: Json | undefined): boolean {
  if (!isObject(rule)) return false;
  const duplicate = rule["duplicate"];
  if (isObject(duplicate) && !isEmpty(duplicate["fields"])) return false;
  return rule["check"] === undefined && EFFECTS.every((word) => rule[word] === undefined || isEmpty(rule[word]));
}

function isEmpty(value: Json | undefined): boolean {
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}
