/** What stands in a form's document: its fields and columns by name, read leniently, because drafts may be half written. */

import { isObject, type Json, type JsonObject, type Path } from "../model/json";

/** A field, or a column of a table; `name` is `lines.total` for a column. */
export interface Spot {
  name: string;
  key: string;
  type: string;
  field: JsonObject;
  path: Path;
  /** The key of the table that the column stands in. */
  table?: string;
}

export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** The fields in the order of the document. Entries that are no fields are left out, so indexes are in the paths alone. */
export function fieldsOf(document: JsonObject): Spot[] {
  return spots(document["fields"], ["fields"]);
}

export function columnsOf(spot: Spot): Spot[] {
  return spots(spot.field["columns"], [...spot.path, "columns"], spot.key);
}

/** Fields, and behind each table its columns. */
export function everyField(document: JsonObject): Spot[] {
  return fieldsOf(document).flatMap((spot) => [spot, ...columnsOf(spot)]);
}

export function findField(document: JsonObject, name: string): Spot | undefined {
  return everyField(document).find((spot) => spot.name === name);
}

/** What a field is made of, such as the items of a checklist: rules and rights name them `evidence.photos`. */
export function partsOf(spot: Spot): { name: string; label: Json | undefined }[] {
  if (spot.field["columns"] !== undefined) return [];
  const lists = Object.entries(spot.field).filter(([key, value]) => key !== "options" && Array.isArray(value)).flatMap(([, value]) => listOf(value));
  return lists.flatMap((entry) => (isObject(entry) && typeof entry["key"] === "string" ? [{ name: `${spot.name}.${entry["key"]}`, label: entry["label"] }] : []));
}

/** The field or column at a path, or that of which the path is a part. */
export function spotAt(document: JsonObject, path: Path | null): Spot | undefined {
  if (path?.[0] !== "fields") return undefined;
  const depth = path[2] === "columns" && path.length > 3 ? 4 : 2;
  const wanted = path.slice(0, depth).join("/");
  return everyField(document).find((spot) => spot.path.join("/") === wanted);
}

function spots(list: Json | undefined, path: Path, table?: string): Spot[] {
  return listOf(list).flatMap((field, index) => {
    if (!isObject(field) || typeof field["key"] !== "string") return [];
    const key = field["key"];
    const spot = { name: table === undefined ? key : `${table}.${key}`, key, type: textOf(field["type"]), field, path: [...path, index] };
    return [table === undefined ? spot : { ...spot, table }];
  });
}
