/** Where a field that is dragged would fall: between rows, or beside a cell. */

import { MOST_BESIDE, type Place } from "./layout";
import type { Inside } from "./tables";

/** A row of the canvas as it stands on the page. */
export interface Row {
  section: number | null;
  row: number;
  top: number;
  bottom: number;
  cells: readonly { left: number; right: number }[];
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** What shows where it would fall: a line below, above or beside, or between the columns of a table. */
export interface Target {
  place: Place | Inside;
  line: Box;
}

const LINE = 3;
/** How much of a cell, on either side, means beside it. */
const SIDE = 0.22;

/** The place for a pointer; `rows` are in the order of the page. `fixed`: fields stand only below each other. */
export function targetAt(x: number, y: number, rows: readonly Row[], box: Box): Target | null {
  const row = rows.find((each) => y <= each.bottom) ?? rows.at(-1);
  if (!row) return null;
  return (y >= row.top && y <= row.bottom ? beside(x, row) : null) ?? between(y, row, box);
}

/** The place among the columns of a table, which stand side by side. */
export function targetAmong(x: number, table: string, columns: readonly { left: number; right: number }[], box: Box): Target {
  const after = columns.filter((each) => x > (each.left + each.right) / 2).length;
  const [before, behind] = [columns[after - 1], columns[after]];
  const left = behind ? behind.left - LINE : before ? before.right : box.left;
  return { place: { table, column: after }, line: { left, top: box.top, width: LINE, height: box.height } };
}

/** The place in a section that holds nothing. */
export function targetIn(section: number, box: Box): Target {
  return { place: { section, row: 0 }, line: { ...box, height: LINE, top: box.top + box.height / 2 } };
}

function beside(x: number, row: Row): Target | null {
  if (row.cells.length >= MOST_BESIDE) return null;
  for (const [index, cell] of row.cells.entries()) {
    if (x < cell.left || x > cell.right) continue;
    const reach = (cell.right - cell.left) * SIDE;
    const at = x < cell.left + reach ? index : x > cell.right - reach ? index + 1 : null;
    if (at === null) return null;
    const left = at === index ? cell.left - LINE * 2 : cell.right + LINE;
    return { place: { section: row.section, row: row.row, cell: at }, line: { left, top: row.top, width: LINE, height: row.bottom - row.top } };
  }
  return null;
}

function between(y: number, row: Row, box: Box): Target {
  const isAbove = y < (row.top + row.bottom) / 2;
  const top = isAbove ? row.top - LINE * 2 : row.bottom + LINE;
  return { place: { section: row.section, row: row.row + (isAbove ? 0 : 1) }, line: { left: box.left, top, width: box.width, height: LINE } };
}
