/** Fields become columns of a table, and columns fields of their own; what speaks of them follows. */

import { Composition } from "./composing";
import { type Brought, columnKeys, takenKeys } from "./fields";
import { freshKey } from "./keys";
import { orderOf, type Place, placed, placeOf, unplaced } from "./layout";
import { isOf, mentionsOf } from "./names";
import { findField, listOf, type Spot } from "./outline";
import type { JsonObject } from "../model/json";

/** A place among the columns of a table, in front of the column with that index. */
export interface Inside {
  table: string;
  column: number;
}

/** Make a field a column; a column of another table, too. `null`: there is no such table, or it is the field. */
export function intoTable(document: JsonObject, name: string, { table, column }: Inside): Brought | null {
  const spot = findField(document, name);
  const target = findField(document, table);
  if (!spot || !target || target.table !== undefined || spot.name === table || spot.table === table || spot.field["columns"] !== undefined) return null;
  const key = freshKey(spot.key, columnKeys(document, table));
  const made = speaking(document, name, `${table}.${key}`);
  const moved = taken(made, spot, key);
  const now = findField(made.document, table);
  if (!now) return null;
  if (!Array.isArray(now.field["columns"])) made.set([...now.path, "columns"], []);
  const path = [...now.path, "columns", Math.min(column, listOf(now.field["columns"]).length)];
  return { edit: made.do({ kind: "insert", path, value: moved }).edit("form_into_table"), name: `${table}.${key}`, path };
}

/** Make a column a field of its own, in the row below its table or at `place`. */
export function outOfTable(document: JsonObject, name: string, place?: Place): Brought | null {
  const spot = findField(document, name);
  const table = spot?.table === undefined ? undefined : findField(document, spot.table);
  if (!spot || !table) return null;
  const key = freshKey(spot.key, takenKeys(document));
  const made = speaking(document, name, key);
  const moved = taken(made, spot, key);
  const path = ["fields", Number(table.path.at(-1)) + 1];
  made.do({ kind: "insert", path, value: moved });
  const below = placeOf(made.document, table.key);
  const at = place ?? (below && { section: below.section, row: below.row + 1 });
  if (at) placed(made, key, at);
  return { edit: made.edit("form_out_of_table"), name: key, path };
}

/** The table that comes next on the canvas, in front or behind; `undefined` where there is none. */
export function nextTable(document: JsonObject, name: string, by: 1 | -1): Spot | undefined {
  const order = orderOf(document);
  const rest = by > 0 ? order.slice(order.indexOf(name) + 1) : order.slice(0, order.indexOf(name)).reverse();
  return rest.map((key) => findField(document, key)).find((spot) => spot?.type === "table");
}

/** Whatever speaks of a field speaks of it by its new name; where it stands in the layout is another matter. */
function speaking(document: JsonObject, name: string, after: string): Composition {
  const made = new Composition(document);
  for (const mention of mentionsOf(document, name)) {
    if (mention.what !== "layout") made.set(mention.path, mention.rewritten((each) => (isOf(each, name) ? after + each.slice(name.length) : each)));
  }
  return made;
}

/** Takes a field from where it stands: as it is then, with its new key. */
function taken(made: Composition, spot: Spot, key: string): JsonObject {
  const now = findField(made.document, spot.name)?.field ?? spot.field;
  if (spot.table === undefined) unplaced(made, spot.key);
  made.do({ kind: "remove", path: spot.path });
  return { ...now, key };
}
