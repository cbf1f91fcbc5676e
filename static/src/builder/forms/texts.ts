/** All texts for people in a form, side by side in both languages, and which are missing. */

import { isObject, type Json, type JsonObject, type Path } from "../model/json";
import type { Edit } from "../model/edits";
import { columnsOf, fieldsOf, listOf, type Spot } from "./outline";

export type Tongue = "en" | "zh";
export const TONGUES: readonly Tongue[] = ["en", "zh"];

export interface TextRow {
  path: Path;
  /** What sort of text it is; a key of the words. */
  what: "form_title" | "form_description" | "text_label" | "text_help" | "text_unit" | "text_choice" | "text_section" | "text_message" | "text_item";
  /** The field that it belongs to. */
  of: string;
  texts: Readonly<Record<Tongue, string>>;
  /** A plain string is the same in every language: nothing is missing, but it can be told apart. */
  isPlain: boolean;
  missing: readonly Tongue[];
}

/** The rows in the order of the form. */
export function textsOf(document: JsonObject): TextRow[] {
  const rows: TextRow[] = [];
  const add = (what: TextRow["what"], path: Path, value: Json | undefined, of = ""): void => {
    if (value !== undefined) rows.push(rowOf(what, path, value, of));
  };
  add("form_title", ["title"], document["title"] ?? "");
  add("form_description", ["description"], document["description"]);
  for (const [index, section] of listOf(document["layout"]).entries()) {
    if (isObject(section)) add("text_section", ["layout", index, "title"], section["title"]);
  }
  const field = (spot: Spot): void => {
    add("text_label", [...spot.path, "label"], spot.field["label"] ?? "", spot.name);
    add("text_help", [...spot.path, "help"], spot.field["help"], spot.name);
    if (isText(spot.field["unit"])) add("text_unit", [...spot.path, "unit"], spot.field["unit"], spot.name);
    for (const [list, what] of [["options", "text_choice"], ["items", "text_item"]] as const) {
      for (const [index, each] of listOf(spot.field[list]).entries()) {
        if (isObject(each)) add(what, [...spot.path, list, index, "label"], each["label"] ?? each["value"], spot.name);
      }
    }
    columnsOf(spot).forEach(field);
  };
  fieldsOf(document).forEach(field);
  for (const [index, rule] of listOf(document["rules"]).entries()) {
    if (isObject(rule)) add("text_message", ["rules", index, "message"], rule["message"]);
  }
  return rows;
}

export function missingTexts(document: JsonObject): number {
  return textsOf(document).filter((row) => row.missing.length > 0).length;
}

/** Say a text in one language. What is there in others stays; an empty text is taken out. */
export function setText(value: Json | undefined, tongue: Tongue, text: string): Json | undefined {
  const texts: JsonObject = isObject(value) ? { ...value } : typeof value === "string" && value ? { en: value, zh: value } : {};
  if (text) texts[tongue] = text;
  else delete texts[tongue];
  return Object.keys(texts).length ? texts : undefined;
}

export function textEdit(row: TextRow, before: Json | undefined, tongue: Tongue, text: string): Edit {
  const value = setText(before, tongue, text);
  const needed = row.what === "form_title" || row.what === "text_choice" || row.what === "text_item";
  return { kind: "set", path: row.path, value: value ?? (needed ? "" : undefined) };
}

function rowOf(what: TextRow["what"], path: Path, value: Json, of: string): TextRow {
  const isPlain = typeof value === "string" && value !== "";
  const in_ = (tongue: Tongue): string => {
    const text = isObject(value) ? value[tongue] : value;
    return typeof text === "string" ? text : "";
  };
  const texts = { en: in_("en"), zh: in_("zh") };
  return { what, path, of, texts, isPlain, missing: TONGUES.filter((tongue) => !texts[tongue].trim()) };
}

function isText(value: Json | undefined): boolean {
  return typeof value === "string" || isObject(value);
}
