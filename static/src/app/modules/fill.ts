/** The fill page with script: what is computed, shown and required follows at once, and drafts save by themselves.
 *
 * The server reads the form as it would when it is sent, and answers what differs; no rule is known here.
 */

import { fetchJson, HttpError } from "../http";

interface Wire {
  id: string;
  text: string;
}

interface Live {
  visible: string[];
  required: string[];
  readonly: string[];
  /** By input id: what should stand in it instead of what was sent. */
  inputs: Record<string, string | string[] | Wire>;
  outputs: Record<string, string>;
  problems: { id: string; code: string; message: string }[];
  aside?: string;
}

interface Words {
  saved: string;
  saving: string;
  offline: string;
}

const EVALUATE_AFTER = 250;
const SAVE_AFTER = 4000;

export default function fill(element: HTMLElement): void {
  if (element instanceof HTMLFormElement) new Filling(element).start();
}

class Filling {
  private readonly touched = new Set<string>();
  private readonly words: Partial<Words>;
  private running: AbortController | undefined;
  private evaluateTimer: number | undefined;
  private saveTimer: number | undefined;
  private changed = false;
  private saving = false;

  constructor(private readonly form: HTMLFormElement) {
    this.words = JSON.parse(form.dataset["words"] ?? "{}") as Partial<Words>;
  }

  start(): void {
    this.form.addEventListener("input", (event) => this.onChange(event));
    this.form.addEventListener("change", (event) => this.onChange(event));
    this.form.addEventListener("signoff:changed", (event) => this.onChange(event));
    this.form.addEventListener("focusout", (event) => this.onLeave(event));
    this.form.addEventListener("submit", () => {
      window.clearTimeout(this.saveTimer);
      this.changed = false;
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") void this.save();
    });
  }

  private onChange(event: Event): void {
    this.changed = true;
    const name = nameOf(event.target);
    if (event.type === "change" && name) this.touched.add(name);
    window.clearTimeout(this.evaluateTimer);
    this.evaluateTimer = window.setTimeout(() => void this.evaluate(), EVALUATE_AFTER);
    if (this.form.dataset["drafts"]) {
      window.clearTimeout(this.saveTimer);
      this.saveTimer = window.setTimeout(() => void this.save(), SAVE_AFTER);
    }
  }

  private onLeave(event: FocusEvent): void {
    const name = nameOf(event.target);
    if (name && this.changed) this.touched.add(name);
  }

  private data(): FormData {
    const data = new FormData(this.form);
    for (const name of [...data.keys()]) if (name.endsWith("-upload")) data.delete(name);
    return data;
  }

  private async evaluate(): Promise<void> {
    const url = this.form.dataset["evaluate"];
    if (!url) return;
    this.running?.abort();
    this.running = new AbortController();
    try {
      this.show(await fetchJson<Live>(url, { method: "POST", body: this.data(), signal: this.running.signal }));
    } catch (error) {
      // the form goes on without: the server reads everything again when it is sent
      if (error instanceof HttpError && error.status === 0) this.state(error.message);
    }
  }

  private show(live: Live): void {
    const visible = new Set(live.visible);
    const required = new Set(live.required);
    const readonly = new Set(live.readonly);
    for (const place of this.form.querySelectorAll<HTMLElement>("[data-field]")) {
      const key = place.dataset["field"] ?? "";
      const column = key.includes(".");
      if (!column || visible.has(key) || live.visible.some((each) => each.startsWith(`${key.split(".")[0]}.`))) {
        place.hidden = !visible.has(key);
      }
      const mark = markOf(place, column);
      if (mark) mark.hidden = !required.has(key);
      if (!column) setReadonly(place, readonly.has(key));
      for (const input of inputsOf(place, column)) {
        if (required.has(key)) input.setAttribute("aria-required", "true");
        else input.removeAttribute("aria-required");
      }
    }
    for (const section of this.form.querySelectorAll<HTMLElement>(".form-section")) {
      const fields = [...section.querySelectorAll<HTMLElement>(".field[data-field]")];
      section.hidden = fields.length > 0 && fields.every((field) => field.hidden);
    }
    for (const [id, text] of Object.entries(live.outputs)) {
      const output = document.getElementById(id);
      if (output) output.textContent = text;
    }
    for (const [id, wire] of Object.entries(live.inputs)) this.put(id, wire);
    this.complain(live.problems);
    const aside = document.getElementById(this.form.dataset["aside"] ?? "");
    if (aside && live.aside !== undefined) aside.innerHTML = live.aside;
  }

  /** Puts what the server filled into an input, unless somebody is typing there. */
  private put(id: string, wire: string | string[] | Wire): void {
    if (Array.isArray(wire)) {
      for (const box of named(this.form, id)) if (box.type === "checkbox") box.checked = wire.includes(box.value);
      return;
    }
    const input = document.getElementById(id);
    if (typeof wire === "string") {
      const radios = named(this.form, id).filter((each) => each.type === "radio");
      for (const radio of radios) radio.checked = radio.value === wire;
      if (!radios.length && isInput(input) && input !== document.activeElement) input.value = wire;
    } else if (input instanceof HTMLInputElement && input !== document.activeElement) {
      input.value = wire.text;
      for (const [part, value] of [["id", wire.id], ["shown", wire.text]] as const) {
        for (const hidden of named(this.form, `${id}-${part}`)) hidden.value = value;
      }
    }
  }

  /** Says at the fields what is wrong with them: only where somebody has been already. */
  private complain(problems: Live["problems"]): void {
    const wrong = new Map(problems.map((each) => [each.id, each.message] as const));
    for (const error of this.form.querySelectorAll<HTMLElement>(".field-error")) {
      const id = error.id.replace(/-error$/, "");
      const shown = !error.hidden;
      const message = wrong.get(id);
      const now = message !== undefined && (shown || this.touched.has(id)) ? message : "";
      error.textContent = now;
      error.hidden = !now;
      const input = document.getElementById(id);
      if (now) input?.setAttribute("aria-invalid", "true");
      else input?.removeAttribute("aria-invalid");
    }
  }

  private async save(): Promise<void> {
    const url = this.form.dataset["drafts"];
    if (!url || !this.changed || this.saving) return;
    this.saving = true;
    this.changed = false;
    this.state(this.words.saving ?? "");
    try {
      const kept = await fetchJson<{ id: number }>(url, { method: "POST", body: this.data() });
      for (const input of named(this.form, "draft")) input.value = String(kept.id);
      this.state(this.words.saved ?? "");
    } catch (error) {
      this.changed = true;
      this.state(error instanceof HttpError && error.status !== 0 ? error.message : (this.words.offline ?? ""));
    } finally {
      this.saving = false;
    }
  }

  private state(text: string): void {
    const place = this.form.querySelector("[data-state]");
    if (place) place.textContent = text;
  }
}

type Input = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

function isInput(element: unknown): element is Input {
  return element instanceof HTMLInputElement || element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement;
}

function nameOf(target: EventTarget | null): string {
  return isInput(target) ? target.name : "";
}

function named(form: HTMLFormElement, name: string): HTMLInputElement[] {
  return [...form.querySelectorAll<HTMLInputElement>(`input[name="${CSS.escape(name)}"]`)];
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
    if (input.type === "hidden") continue;
    if (input instanceof HTMLSelectElement || ["checkbox", "radio", "file"].includes(input.type)) input.disabled = readonly;
    else input.readOnly = readonly;
  }
}
