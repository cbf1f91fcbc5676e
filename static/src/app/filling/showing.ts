/** Shows on the page what a form says of its fields: only what changed is touched, so that 200 rows follow at once. */

import { type Input, put, type Wire } from "./inputs";

/** By name of a field or column, or by the id of an input or output; what is not in a map stays as it is. */
export interface Said {
  visible: ReadonlyMap<string, boolean>;
  required: ReadonlyMap<string, boolean>;
  readonly: ReadonlyMap<string, boolean>;
  inputs: ReadonlyMap<string, string | readonly string[] | Wire>;
  outputs: ReadonlyMap<string, string>;
  cells: ReadonlyMap<string, Cell>;
}

/** What is so of one cell alone. */
export interface Cell {
  hidden?: boolean;
  required?: boolean;
  readonly?: boolean;
}

type Word = "visible" | "required" | "readonly";
const SHOWS: readonly Word[] = ["visible", "required", "readonly"];

export class Showing {
  private readonly applied = new Map<string, boolean>();
  /** What was said without the server: what it said alone, it takes back alone. */
  private readonly own = new Set<string>();

  constructor(private readonly form: HTMLFormElement) {}

  /** Rows came to the page: their cells do not show yet what the others do. */
  forgetColumns(): void {
    for (const place of [...this.applied.keys()]) if (place.includes(".")) this.applied.delete(place);
  }

  apply(said: Said): void {
    let moved = false;
    for (const word of SHOWS) {
      for (const [name, holds] of said[word]) {
        const place = `${word} ${name}`;
        if (this.applied.get(place) === holds) continue;
        this.applied.set(place, holds);
        for (const element of this.form.querySelectorAll<HTMLElement>(`[data-field="${name}"]`)) show(word, element, !element.classList.contains("field"), holds);
        moved ||= word === "visible";
      }
    }
    if (moved) this.sections();
    for (const [id, text] of said.outputs) {
      const output = document.getElementById(id);
      if (output && output.textContent !== text) output.textContent = text;
    }
    for (const [id, cell] of said.cells) showCell(id, cell);
    for (const [id, wire] of said.inputs) put(this.form, id, wire);
  }

  private sections(): void {
    for (const section of this.form.querySelectorAll<HTMLElement>(".form-section")) {
      const fields = [...section.querySelectorAll<HTMLElement>(".field[data-field]")];
      section.hidden = fields.length > 0 && fields.every((field) => field.hidden);
    }
  }

  /** Says at once what is wrong, where somebody has been already; the server says the rest a moment later. */
  judge(problems: ReadonlyMap<string, string | null>, touched: ReadonlySet<string>): void {
    for (const [id, message] of problems) {
      if (message !== null) this.own.add(message);
      const error = document.getElementById(`${id}-error`);
      if (!error) continue;
      const shown = !error.hidden;
      if (message === null ? shown && this.own.has(error.textContent ?? "") : shown || touched.has(id)) this.tell(error, id, message ?? "");
    }
  }

  private tell(error: HTMLElement, id: string, message: string): void {
    if (error.textContent !== message) error.textContent = message;
    error.hidden = !message;
    const input = document.getElementById(id);
    if (message) input?.setAttribute("aria-invalid", "true");
    else input?.removeAttribute("aria-invalid");
  }

  /** Says at the fields what is wrong with them: only where somebody has been already. */
  complain(problems: readonly { id: string; message: string }[], touched: ReadonlySet<string>): void {
    const wrong = new Map<string, string>();
    for (const { id, message } of problems) if (!wrong.has(id)) wrong.set(id, message);
    for (const error of this.form.querySelectorAll<HTMLElement>(".field-error[id]")) {
      const id = error.id.replace(/-error$/, "");
      const message = wrong.get(id);
      const now = message !== undefined && (!error.hidden || touched.has(id)) ? message : "";
      if (error.hidden && !now) continue;
      this.tell(error, id, now);
    }
  }

  /** Says at the fields which other records hold the same; what is said of the same ones stays, with its ticks. */
  doubles(doubles: Readonly<Record<string, string>>): void {
    const there = new Set<string>();
    for (const notice of this.form.querySelectorAll<HTMLElement>("[data-doubles]")) {
      const key = notice.dataset["doubles"] ?? "";
      if (idsIn(doubles[key]) === notice.dataset["ids"]) there.add(key);
      else notice.remove();
    }
    for (const [key, html] of Object.entries(doubles)) if (!there.has(key)) insertBelow(this.form, key, html);
  }
}

function idsIn(html: string | undefined): string | undefined {
  const holder = document.createElement("template");
  holder.innerHTML = html ?? "";
  return holder.content.querySelector<HTMLElement>("[data-ids]")?.dataset["ids"];
}

/** What stands below a field's line; where that is not on the page, at the end. */
function insertBelow(form: HTMLFormElement, key: string, html: string): void {
  const line = form.querySelector(`[data-field="${key}"]`)?.closest(".form-row");
  if (line) line.insertAdjacentHTML("afterend", html);
  else form.querySelector(".form-actions")?.insertAdjacentHTML("beforebegin", html);
}

function show(word: Word, element: HTMLElement, column: boolean, holds: boolean): void {
  if (word === "visible") element.hidden = !holds;
  else if (word === "readonly") setReadonly(element, holds);
  else {
    const star = markOf(element, column);
    if (star) star.hidden = !holds;
    for (const input of inputsOf(element, column)) mark(input, holds);
  }
}

function showCell(id: string, { hidden, required, readonly }: Cell): void {
  const place = document.getElementById(id)?.closest("td");
  if (!place) return;
  if (hidden !== undefined) place.toggleAttribute("data-closed", hidden);
  for (const input of place.querySelectorAll<Input>("input, select, textarea")) {
    if (input.type === "hidden") continue;
    if (required !== undefined && input.type !== "file") mark(input, required);
    if (readonly !== undefined) lock(input, readonly);
  }
}

function mark(input: Input, required: boolean): void {
  if (required) input.setAttribute("aria-required", "true");
  else input.removeAttribute("aria-required");
}

function lock(input: Input, readonly: boolean): void {
  if (input instanceof HTMLSelectElement || ["checkbox", "radio", "file"].includes(input.type)) input.disabled = readonly;
  else input.readOnly = readonly;
}

/** The asterisk of a field or of the head of a column. */
function markOf(place: HTMLElement, column: boolean): HTMLElement | null {
  if (column) return place.tagName === "TH" ? place.querySelector<HTMLElement>(".required") : null;
  return place.querySelector<HTMLElement>(":scope > .field-label .required, :scope > fieldset > .field-label .required");
}

function inputsOf(place: HTMLElement, column: boolean): Input[] {
  if (!column && place.classList.contains("field-table")) return [];
  return [...place.querySelectorAll<Input>("input.form-control, select, textarea")].filter((each) => each.type !== "file");
}

function setReadonly(place: HTMLElement, readonly: boolean): void {
  if (place.classList.contains("field-table")) return;
  for (const input of place.querySelectorAll<Input>("input, select, textarea")) {
    if (input.type !== "hidden") lock(input, readonly);
  }
}
