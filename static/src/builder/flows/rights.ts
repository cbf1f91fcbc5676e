/** Which fields people see and fill at which step. What a step does not name is read. */

import { columnsOf, fieldsOf, partsOf } from "../forms/outline";
import { localText } from "../model/describe";
import { put, type Edit } from "../model/edits";
import { isObject, type Json, type JsonObject } from "../model/json";
import { isForPeople, type StepNode, text } from "./tree";

export const RIGHTS = ["read", "edit", "required", "hidden"] as const;
export type Right = (typeof RIGHTS)[number];

export interface Row {
  /** `lines`, or `lines.quantity` for a column. */
  readonly key: string;
  readonly label: string;
  /** The section of the form's layout that it stands in. */
  readonly section: string;
  readonly isPart: boolean;
  /** Computed, so that nobody fills it. */
  readonly isComputed: boolean;
}

/** Fields in the order of the form, each followed by its columns or what else it is made of, and those that a step names and the form does not have. */
export function rowsOf(form: JsonObject | null, named: readonly string[] = []): readonly Row[] {
  const sections = sectionsOf(form);
  const rows = fieldsOf(form ?? {})
    .filter((spot) => spot.type !== "note")
    .flatMap((spot): Row[] => {
      const section = sections.get(spot.key) ?? "";
      const columns = columnsOf(spot).map(({ name, field }) => ({ name, label: field["label"], isComputed: isComputed(field) }));
      const parts = partsOf(spot).map((part) => ({ ...part, isComputed: false }));
      return [
        { key: spot.key, label: localText(spot.field["label"]) || spot.key, section, isPart: false, isComputed: isComputed(spot.field) },
        ...[...columns, ...parts].map(({ name, label, isComputed: computed }) => ({
          key: name, label: localText(label) || name.slice(spot.key.length + 1), section, isPart: true, isComputed: computed,
        })),
      ];
    });
  const known = new Set(rows.map((row) => row.key));
  const strange = named.filter((key) => !known.has(key));
  return [...rows, ...strange.map((key) => ({ key, label: key, section: "", isPart: false, isComputed: false }))];
}

function isComputed(field: JsonObject): boolean {
  return field["compute"] !== undefined || field["total"] !== undefined;
}

function sectionsOf(form: JsonObject | null): Map<string, string> {
  const found = new Map<string, string>();
  const layout = form?.["layout"];
  if (!Array.isArray(layout)) return found;
  for (const section of layout.filter(isObject)) {
    const title = localText(section["title"]);
    const rows = Array.isArray(section["rows"]) ? section["rows"] : [];
    for (const cell of rows.flat()) {
      const key = isObject(cell) ? text(cell["field"] ?? cell["key"]) : text(cell);
      if (key) found.set(key, title);
    }
  }
  return found;
}

export function rightOf(step: StepNode, key: string): Right {
  const rights = step.document["fields"];
  const found = isObject(rights) ? rights[key] : undefined;
  return RIGHTS.find((right) => right === found) ?? "read";
}

export function isNamed(step: StepNode, key: string): boolean {
  return isObject(step.document["fields"]) && step.document["fields"][key] !== undefined;
}

/** `read` is what goes without saying, so it takes the word away; except of a column whose table says otherwise. */
export function setRight(document: Json, step: StepNode, key: string, right: Right): Edit {
  const table = key.includes(".") ? rightOf(step, key.split(".")[0] ?? "") : "read";
  const value = right === "read" && table === "read" ? undefined : right;
  return put(document, [...step.path, "fields", key], value, step.path.length + 1);
}

/** The same right for several fields: one edit. */
export function setRights(document: Json, step: StepNode, keys: readonly string[], right: Right): Edit {
  const rights = isObject(step.document["fields"]) ? { ...step.document["fields"] } : {};
  for (const key of keys) {
    if (right === "read") delete rights[key];
    else rights[key] = right;
  }
  const value = Object.keys(rights).length > 0 ? rights : undefined;
  return { kind: "many", label: "flow_edit_rights", edits: [put(document, [...step.path, "fields"], value)] };
}

export function named(steps: Iterable<StepNode>): string[] {
  const found = new Set<string>();
  for (const step of steps) {
    if (isForPeople(step) && isObject(step.document["fields"])) Object.keys(step.document["fields"]).forEach((key) => found.add(key));
  }
  return [...found];
}
