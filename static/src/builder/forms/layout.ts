/** Where fields stand: sections of rows of cells. Without a layout, the fields stand one below the other in their order. */

import { child, isObject, type Json, type JsonObject, same } from "../model/json";
import type { Edit } from "../model/edits";
import { Composition } from "./composing";
import { fieldsOf, listOf } from "./outline";

export const MOST_BESIDE = 4;

export interface Cell {
  key: string;
  /** In twelfths of the row; without one the cells of a row share it. */
  width?: number;
}

export interface Section {
  /** Its index in `layout`; `null` of what the layout does not place, and of a form without one. */
  index: number | null;
  title: Json | undefined;
  rows: readonly (readonly Cell[])[];
}

/** A place for a cell: in front of a cell of a row, or as a row of its own in front of `row`. Said before anything moves. */
export interface Place {
  section: number | null;
  row: number;
  cell?: number;
}

export type Direction = "up" | "down" | "left" | "right";

export function hasLayout(document: JsonObject): boolean {
  return listOf(document["layout"]).length > 0;
}

/** What is drawn, section by section; fields that the layout forgot stand at the end, as on the real form. */
export function sectionsOf(document: JsonObject): Section[] {
  const keys = fieldsOf(document).map((spot) => spot.key);
  if (!hasLayout(document)) return [{ index: null, title: undefined, rows: keys.map((key) => [{ key }]) }];
  const sections = listOf(document["layout"]).flatMap((section, index) => {
    if (!isObject(section)) return [];
    const rows = listOf(section["rows"]).map((row) => listOf(row).map(cellOf));
    return [{ index, title: section["title"], rows }];
  });
  const placed = new Set(sections.flatMap((section) => section.rows.flat().map((cell) => cell.key)));
  const rest = keys.filter((key) => !placed.has(key));
  return rest.length ? [...sections, { index: null, title: undefined, rows: rest.map((key) => [{ key }]) }] : sections;
}

/** Keys in the order in which people meet them. */
export function orderOf(document: JsonObject): string[] {
  return sectionsOf(document).flatMap((section) => section.rows.flat().map((cell) => cell.key));
}

export function placeOf(document: JsonObject, key: string): (Place & { cell: number; size: number }) | undefined {
  for (const section of sectionsOf(document)) {
    for (const [row, cells] of section.rows.entries()) {
      const cell = cells.findIndex((each) => each.key === key);
      if (cell >= 0) return { section: section.index, row, cell, size: cells.length };
    }
  }
  return undefined;
}

/** Put a field somewhere else. */
export function moveTo(document: JsonObject, key: string, place: Place): Edit {
  if (!hasLayout(document) && place.cell === undefined) return moveInOrder(document, key, place.row);
  const made = laidOut(document);
  arrange(made, key, place);
  return made.edit("form_moved_field");
}

/** One step with a key of the keyboard; `null` where there is no further. */
export function moveBy(document: JsonObject, key: string, direction: Direction): Edit | null {
  const place = stepFrom(document, key, direction);
  return place === null ? null : moveTo(document, key, place);
}

/** Up and down leave the row, then pass the next one; left and right change places, then join the row above or below. */
function stepFrom(document: JsonObject, key: string, direction: Direction): Place | null {
  const from = placeOf(document, key);
  if (!from) return null;
  const sections = sectionsOf(document);
  const here = sections.findIndex((section) => section.index === from.section);
  const rows = sections[here]?.rows ?? [];
  const { section, row, cell, size } = from;
  const isPlaced = section !== null || !hasLayout(document);
  switch (direction) {
    case "up":
      if (size > 1) return { section, row };
      if (row > 0 && isPlaced) return { section, row: row - 1 };
      return endOf(sections[here - 1]);
    case "down":
      if (size > 1) return { section, row: row + 1 };
      if (row < rows.length - 1 && isPlaced) return { section, row: row + 2 };
      return startOf(sections[here + 1]);
    case "left":
      if (cell > 0) return { section, row, cell: cell - 1 };
      return isPlaced && joins(rows[row - 1]) ? { section, row: row - 1, cell: rows[row - 1]?.length ?? 0 } : null;
    case "right":
      if (cell < size - 1) return { section, row, cell: cell + 2 };
      return isPlaced && joins(rows[row + 1]) ? { section, row: row + 1, cell: 0 } : null;
  }
}

function endOf(section: Section | undefined): Place | null {
  return section === undefined ? null : { section: section.index, row: section.rows.length };
}

function startOf(section: Section | undefined): Place | null {
  return section?.index === undefined || section.index === null ? null : { section: section.index, row: 0 };
}

function joins(row: readonly Cell[] | undefined): boolean {
  return row !== undefined && row.length > 0 && row.length < MOST_BESIDE;
}

/** Give a cell a width in twelfths, or let the cells of its row share it again. */
export function setWidth(document: JsonObject, key: string, width: number | null): Edit {
  const made = laidOut(document);
  for (const [section, row, cell] of cells(made.document)) {
    const value = cellAt(made.document, section, row, cell);
    if (keyAt(value) !== key) continue;
    const path = ["layout", section, "rows", row, cell];
    if (isObject(value)) {
      const { width: _width, ...rest } = value;
      const plain = Object.keys(rest).length === 1 && width === null;
      made.set(path, plain ? key : width === null ? rest : { ...value, width });
    } else made.set(path, width === null ? key : { field: key, width });
  }
  return made.edit("form_set_width");
}

export function addSection(document: JsonObject, index: number, title: Json): Edit {
  const made = laidOut(document);
  return made.do({ kind: "insert", path: ["layout", index], value: { title, rows: [] } }).edit("form_added_section");
}

/** Take a section away; its fields go to the end of the one before, or to the start of the one behind. */
export function removeSection(document: JsonObject, index: number): Edit {
  const made = new Composition(document);
  const layout = listOf(document["layout"]);
  if (layout.length < 2) return made.set(["layout"], undefined).edit("form_removed_section");
  const heir = index > 0 ? index - 1 : 1;
  const [own, theirs] = [rowsAt(document, index), rowsAt(document, heir)];
  made.set(["layout", heir, "rows"], index > 0 ? [...theirs, ...own] : [...own, ...theirs]);
  return made.do({ kind: "remove", path: ["layout", index] }).edit("form_removed_section");
}

export function moveSection(document: JsonObject, from: number, to: number): Edit | null {
  if (to < 0 || to >= listOf(document["layout"]).length) return null;
  return { kind: "many", edits: [{ kind: "move", from: ["layout", from], to: ["layout", to] }], label: "form_moved_section" };
}

/** Put a key that is new to the form into the layout: as a row of its own, or beside other cells. */
export function placed(made: Composition, key: string, place: Place): void {
  if (hasLayout(made.document)) arrange(made, key, place);
}

/** Take a key out of the layout, and its row where it stood alone. */
export function unplaced(made: Composition, key: string): void {
  arrange(made, key, null);
}

/** The composition with a layout in it: that of the document, or the fields one below the other. */
export function laidOut(document: JsonObject): Composition {
  const made = new Composition(document);
  if (hasLayout(document)) return made;
  return made.set(["layout"], [{ rows: fieldsOf(document).map((spot) => [spot.key]) }]);
}

function moveInOrder(document: JsonObject, key: string, row: number): Edit {
  const spots = fieldsOf(document);
  const from = spots.find((spot) => spot.key === key)?.path;
  const before = spots[row]?.path.at(-1);
  const end = listOf(document["fields"]).length;
  if (!from) return { kind: "many", edits: [] };
  const index = Number(from.at(-1));
  const wanted = typeof before === "number" ? before : end;
  const to = wanted > index ? wanted - 1 : wanted;
  if (to === index) return { kind: "many", edits: [] };
  return { kind: "many", edits: [{ kind: "move", from, to: ["fields", to] }], label: "form_moved_field" };
}

/** Take the cell of `key` out of the layout and put it at `place`, which is said as things stand before. */
function arrange(made: Composition, key: string, place: Place | null): void {
  const hole: Json = {};
  let value: Json = key;
  const layout = listOf(made.document["layout"]).map((_, section) =>
    rowsAt(made.document, section).map((row) =>
      listOf(row).map((cell) => {
        if (keyAt(cell) !== key) return cell;
        value = cell;
        return hole;
      }),
    ),
  );
  const target = place && layout[place.section ?? layout.length - 1];
  const row = place?.cell === undefined ? undefined : target?.[place.row];
  if (row) row.splice(place?.cell ?? 0, 0, value);
  else if (place) target?.splice(place.row, 0, [value]);
  for (const [section, rows] of layout.entries()) {
    const whole = rows.map((each) => each.filter((cell) => cell !== hole)).filter((each, index) => each.length || !rows[index]?.length);
    if (!same(whole, [...rowsAt(made.document, section)])) made.set(["layout", section, "rows"], whole);
  }
}

function rowsAt(document: JsonObject, section: number): readonly Json[] {
  return listOf(child(listOf(document["layout"])[section], "rows"));
}

function cellAt(document: JsonObject, section: number, row: number, cell: number): Json | undefined {
  return listOf(rowsAt(document, section)[row])[cell];
}

function cells(document: JsonObject): [number, number, number][] {
  return listOf(document["layout"]).flatMap((_, section) =>
    rowsAt(document, section).flatMap((row, r) => listOf(row).map((_cell, c): [number, number, number] => [section, r, c])),
  );
}

function cellOf(value: Json): Cell {
  const key = keyAt(value) ?? "";
  const width = child(value, "width");
  return typeof width === "number" ? { key, width } : { key };
}

function keyAt(cell: Json | undefined): string | undefined {
  if (typeof cell === "string") return cell;
  const key = child(cell, "field");
  return typeof key === "string" ? key : undefined;
}
