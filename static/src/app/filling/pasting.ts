/** What was copied from a spreadsheet, as a form's cells take it. */

import type { Input } from "./inputs";

/** The cells of a text from a spreadsheet: tabs between columns, quotes around cells with line breaks (RFC 4180 with tabs). */
export function parsePasted(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const clean = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  for (let place = 0; place < clean.length; place++) {
    const sign = clean[place];
    if (quoted) {
      if (sign === '"' && clean[place + 1] === '"') {
        cell += '"';
        place++;
      } else if (sign === '"') quoted = false;
      else cell += sign;
    } else if (sign === '"' && cell === "") quoted = true;
    else if (sign === "\t") {
      row.push(cell);
      cell = "";
    } else if (sign === "\n") {
      rows.push([...row, cell]);
      row = [];
      cell = "";
    } else cell += sign;
  }
  rows.push([...row, cell]);
  return rows;
}

/** A number as spreadsheets show it, as forms take it: no thousands, no currency, a minus before it. */
export function plainNumber(text: string): string {
  let found = text.trim().replace(/^\((.+)\)$/, "-$1").replace(/[−–]/g, "-");
  found = found.replace(/^(-?)\s*[¥￥$€£]\s*/, "$1").replace(/\s+(?=[%％]?$)/, "");
  return /^[-+]?\d{1,3}([,，]\d{3})+(\.\d+)?[%％]?$/.test(found) ? found.replace(/[,，]/g, "") : found;
}

/** A day as spreadsheets write it, as inputs take it: 2026/3/1 and 2026年3月1日 are 2026-03-01. */
export function plainDay(text: string): string {
  const found = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(text.trim());
  return found ? [found[1], ...[found[2], found[3]].map((part) => part?.padStart(2, "0"))].join("-") : text.trim();
}

/** Puts a pasted cell into an input; whether it fits. A cell that may not be edited takes nothing, which is right. */
export function pasteInto(input: Input, text: string): boolean {
  if (input.disabled || (!(input instanceof HTMLSelectElement) && input.readOnly)) return true;
  const value = input instanceof HTMLTextAreaElement ? text : text.trim().replace(/\s*\n\s*/g, " ");
  if (input instanceof HTMLSelectElement) {
    const alike = (option: HTMLOptionElement): boolean => option.value === value || option.text.trim().toLowerCase() === value.toLowerCase();
    const wanted = [...input.options].find(alike);
    input.value = wanted?.value ?? "";
    return wanted !== undefined || value === "";
  }
  if (input.type === "date") input.value = plainDay(value);
  else if (input.type === "datetime-local") input.value = value.replace(/^(\S+)\s+(\d{1,2}:\d{2}).*$/, (_all, day: string, time: string) => `${plainDay(day)}T${time.padStart(5, "0")}`);
  else input.value = input.classList.contains("number") ? plainNumber(value) : value;
  return input.value !== "" || value === "";
}

/** Whether a first row only names the columns. */
export function isHead(cells: readonly string[], labels: readonly string[]): boolean {
  const known = new Set(labels.map((each) => each.replace(/\*/g, "").trim().toLowerCase()));
  const named = cells.map((each) => each.trim().toLowerCase()).filter(Boolean);
  return named.length > 0 && named.every((each) => known.has(each));
}
