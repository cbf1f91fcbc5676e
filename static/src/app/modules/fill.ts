/** The fill page with script: what is computed, shown and required follows each key, and drafts save by themselves.
 *
 * The form's program is evaluated here at once where the page brings it; the server reads the form as it would when it
 * is sent, and its answer is final.
 */

import type { Form, Now, Program } from "../../forms/following";
import { altered, dataOf, nameOf, textsOf, type Wire } from "../filling/inputs";
import { Keeping } from "../filling/keeping";
import { type Said, Showing } from "../filling/showing";
import { fetchJson, HttpError } from "../http";

interface Live {
  visible: string[];
  required: string[];
  readonly: string[];
  /** By input id: what should stand in it instead of what was sent. */
  inputs: Record<string, string | string[] | Wire>;
  outputs: Record<string, string>;
  /** Rows that a record filled, as HTML by the id of their table. */
  tables: Record<string, string>;
  /** `columns` whose cells rules treat for themselves, and the ids of such cells. */
  cells: Record<"columns" | "hidden" | "required" | "readonly", string[]>;
  problems: { id: string; code: string; message: string }[];
  /** Other records that hold the same, as HTML by the field at which that is said. */
  doubles: Record<string, string>;
  aside?: string;
}

const EVALUATE_AFTER = 250;

export default function fill(element: HTMLElement): void {
  if (element instanceof HTMLFormElement) new Filling(element).start();
}

class Filling {
  private readonly touched = new Set<string>();
  private readonly showing: Showing;
  private readonly keeping: Keeping;
  private program: Form | undefined;
  private confirmed = new Map<string, string>();
  private running: AbortController | undefined;
  private timer: number | undefined;
  private frame = 0;
  private changed = false;

  constructor(private readonly form: HTMLFormElement) {
    this.showing = new Showing(form);
    this.keeping = new Keeping(form);
  }

  start(): void {
    for (const name of ["input", "change", "signoff:changed"]) this.form.addEventListener(name, (event) => this.onChange(event));
    this.form.addEventListener("signoff:added", () => this.showing.forgetColumns());
    this.form.addEventListener("focusout", (event) => this.onLeave(event));
    this.confirmed = chosen(textsOf(this.form));
    this.keeping.start();
    void this.load();
    this.catchUp();
  }

  /** The evaluators come only to pages that bring a program. */
  private async load(): Promise<void> {
    const source = document.getElementById(this.form.dataset["program"] ?? "");
    if (!source) return;
    const { Form } = await import("../../forms/following");
    const { program, now } = JSON.parse(source.textContent ?? "") as { program: Program; now: Now };
    this.program = new Form(program, now);
    if (this.changed) this.follow();
  }

  /** Takes up what somebody entered before this script ran. */
  private catchUp(): void {
    const names = altered(this.form);
    for (const name of names) this.touched.add(name);
    if (names.length) this.onEntered();
  }

  private onChange(event: Event): void {
    const name = nameOf(event.target);
    if (name.endsWith("-upload")) return;
    if (event.type === "change" && name) this.touched.add(name);
    this.onEntered();
  }

  private onEntered(): void {
    this.changed = true;
    this.running?.abort();
    // once for all that happens before the next frame: a pasted row is many events
    this.frame ||= window.requestAnimationFrame(() => {
      this.frame = 0;
      this.follow();
    });
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.evaluate(), EVALUATE_AFTER);
    this.keeping.touch();
  }

  private onLeave(event: FocusEvent): void {
    const name = nameOf(event.target);
    if (!name || !this.changed || this.touched.has(name)) return;
    this.touched.add(name);
    this.follow();
  }

  private follow(): void {
    if (!this.program) return;
    const said = this.program.follow(textsOf(this.form), this.confirmed);
    this.showing.apply(said);
    this.showing.judge(said.problems, this.touched);
  }

  private async evaluate(): Promise<void> {
    const url = this.form.dataset["evaluate"];
    if (!url) return;
    this.running?.abort();
    this.running = new AbortController();
    const sent = chosen(textsOf(this.form));
    try {
      const live = await fetchJson<Live>(url, { method: "POST", body: dataOf(this.form), signal: this.running.signal });
      this.confirmed = sent;
      this.show(live);
      // the builder's test pane listens in the frame's form
      this.form.dispatchEvent(new CustomEvent("signoff:evaluated", { detail: live }));
    } catch (error) {
      // the form goes on without: the server reads everything again when it is sent
      if (!(error instanceof HttpError) && !(error instanceof DOMException)) throw error;
    }
  }

  private show(live: Live): void {
    for (const [id, html] of Object.entries(live.tables)) document.getElementById(id)?.dispatchEvent(new CustomEvent("signoff:rows", { detail: html }));
    this.showing.apply(saidBy(live, this.form));
    this.showing.complain(live.problems, this.touched);
    this.showing.doubles(live.doubles);
    const aside = document.getElementById(this.form.dataset["aside"] ?? "");
    if (aside && live.aside !== undefined && aside.innerHTML !== live.aside) aside.innerHTML = live.aside;
    if (Object.keys(live.inputs).length) this.confirmed = chosen(textsOf(this.form));
  }
}

/** The ids of the records that lookups point to. */
function chosen(texts: ReadonlyMap<string, string[]>): Map<string, string> {
  return new Map([...texts].filter(([name]) => name.endsWith("-id")).map(([name, values]) => [name, values.at(-1) ?? ""]));
}

/** The server's answer about the fields that the page has; columns of a table that is hidden stay as they are. */
function saidBy(live: Live, form: HTMLFormElement): Said {
  const sets = { visible: new Set(live.visible), required: new Set(live.required), readonly: new Set(live.readonly) };
  const open = new Set(live.visible.filter((name) => name.includes(".")).map((name) => name.split(".")[0]));
  const names = new Set([...form.querySelectorAll<HTMLElement>(".field[data-field], th[data-field]")].map((place) => place.dataset["field"] ?? ""));
  const known = [...names].filter((name) => !name.includes(".") || open.has(name.split(".")[0]));
  const of = (set: ReadonlySet<string>): Map<string, boolean> => new Map(known.map((name) => [name, set.has(name)]));
  return {
    visible: of(sets.visible), required: of(sets.required), readonly: of(sets.readonly),
    inputs: new Map(Object.entries(live.inputs)), outputs: new Map(Object.entries(live.outputs)), cells: cellsOf(live, form),
  }; // prettier-ignore
}

function cellsOf({ cells }: Live, form: HTMLFormElement): Said["cells"] {
  const [hidden, required, readonly] = [cells.hidden, cells.required, cells.readonly].map((ids) => new Set(ids));
  const places = cells.columns.flatMap((name) => [...form.querySelectorAll<HTMLElement>(`td[data-field="${name}"] [id^="f-"]:not(.field-error)`)]);
  return new Map(places.map(({ id }) => [id, { hidden: hidden?.has(id) === true, required: required?.has(id) === true, readonly: readonly?.has(id) === true }]));
}
