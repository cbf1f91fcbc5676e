/** Shows on the page what a form says of its fields: only what changed is touched, so that 200 rows follow at once. */

import { type Input, put, type Wire } from "./inputs";

/** By name of a field or column, or by the id of an input or output; what is not in a map stays as it is. */
export interface Said {
  visible: ReadonlyMap<string, boolean>;
  required: ReadonlyMap<string, boolean>;
  readonly: ReadonlyMap<string, boolean>;
  inputs: ReadonlyMap<string, string | readonly string[] | Wire>;
  outputs: ReadonlyMap<string, string>;
}

type Word = "visible" | "required" | "readonly";
const SHOWS: readonly Word[] = ["visible", "required", "readonly"];

export class Showing {
  private readonly applied = new Map<string, boolean>();

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
    for (const [id, wire] of said.inputs) put(this.form, id, wire);
  }

  private sections(): void {
    for (const section of this.form.querySelectorAll<HTMLElement>(".form-section")) {
      const fields = [...section.querySelectorAll<HTMLElement>(".field[data-field]")];
      section.hidden = fields.length > 0 && fields.every((field) => field.hidden);
    }
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
      error.textContent = now;
      error.hidden = !now;
      const input = document.getElementById(id);
      if (now) input?.setAttribute("aria-invalid", "true");
      else input?.removeAttribute("aria-invalid");
    }
  }
}

function show(word: Word, element: HTMLElement, column: boolean, holds: boolean): void {
  if (word === "visible") element.hidden = !holds;
  else if (word === "readonly") setReadonly(element, column, holds);
  else {
    const mark = markOf(element, column);
    if (mark) mark.hidden = !holds;
    for (const input of inputsOf(element, column)) {
      if (holds) input.setAttribute("aria-required", "true");
      else input.removeAttribute("aria-required");
    }
  }
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

function setReadonly(place: HTMLElement, column: boolean, readonly: boolean): void {
  if (column || place.classList.contains("field-table")) return;
  for (const input of place.querySelectorAll<Input>("input, select, textarea")) {
    if (input.type === "hidden") continue;
    if (input instanceof HTMLSelectElement || ["checkbox", "radio", "file"].includes(input.type)) input.disabled = readonly;
    else input.readOnly = readonly;
  }
}
