/** Line items like a small spreadsheet: rows come, go and move, Enter goes down, and rows of a spreadsheet are pasted. */

import { type Input, isInput } from "../filling/inputs";
import { isHead, parsePasted, pasteInto } from "../filling/pasting";

const ROW = "__row__";

/** Sentences for those who hear the page; `{n}`, `{count}` are filled in. */
interface Words {
  added: string;
  copied: string;
  removed: string;
  moved: string;
  pasted: string;
  filled: string;
  misfits: string;
  full: string;
}

type Row = HTMLTableRowElement;

export default function lines(element: HTMLElement): void {
  const body = element.querySelector("tbody");
  const template = element.querySelector("template");
  if (body && template) new Lines(element, body, template).start();
}

class Lines {
  private next: number;
  /** The rows came from a record, and nobody changed them since. */
  private isFilled = false;
  private readonly words: Partial<Words>;

  constructor(
    private readonly element: HTMLElement,
    private readonly body: HTMLTableSectionElement,
    private readonly template: HTMLTemplateElement,
  ) {
    this.next = Math.max(-1, ...[...body.rows].map((row) => Number(row.dataset["row"]))) + 1;
    this.words = JSON.parse(element.dataset["words"] ?? "{}") as Partial<Words>;
  }

  start(): void {
    this.element.addEventListener("click", (event) => this.onClick(event));
    this.element.addEventListener("keydown", (event) => this.onKey(event));
    this.element.addEventListener("paste", (event) => this.onPaste(event));
    this.element.addEventListener("input", () => (this.isFilled = false));
    this.element.addEventListener("signoff:refill", () => {
      if (this.isFilled) this.clear();
    });
    this.element.addEventListener("signoff:rows", (event) => this.fill((event as CustomEvent<string>).detail));
    this.untab(this.body);
    this.measure();
  }

  private most(): number {
    return Number(this.element.dataset["most"]) || 200;
  }

  private onClick(event: MouseEvent): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>("[data-lines]") : null;
    if (!button) return;
    event.preventDefault();
    const row = button.closest("tr");
    const action = button.dataset["lines"];
    if (action === "add") this.append();
    else if (action === "take") this.take(button.dataset["from"] ?? "");
    else if (row) {
      if (action === "copy") this.copy(row);
      else if (action === "remove") this.remove(row);
      else if (this.move(row, action === "up" ? -1 : 1)) button.focus();
    }
  }

  private append(): void {
    const [row] = this.add(1);
    if (!row) return;
    focusFirst(row);
    this.say(this.words.added, row);
    this.changed();
  }

  /** Line items of the record that was looked up, instead of those that are here. */
  private take(from: string): void {
    const input = document.getElementById(from) as HTMLInputElement | null;
    if (!input?.value) {
      input?.focus();
      return;
    }
    this.clear();
    this.changed();
  }

  /** As if nobody had entered or taken out a row: whatever a record fills, it fills. */
  private clear(): void {
    this.body.replaceChildren();
    this.add(1);
    this.own("");
  }

  /** Rows as the server drew them. */
  private fill(html: string): void {
    this.body.innerHTML = html;
    this.untab(this.body);
    this.next = Math.max(this.next, this.body.rows.length);
    this.isFilled = true;
    this.body.dispatchEvent(new CustomEvent("signoff:added", { bubbles: true }));
    this.measure();
    this.tell((this.words.filled ?? "").replace("{n}", String(this.body.rows.length)), false);
    this.changed();
  }

  /** `own`: rows were taken out, so that a table without any is meant to have none. */
  private own(sign: "own" | ""): void {
    const input = this.element.querySelector<HTMLInputElement>(`input[type="hidden"][name="${this.element.dataset["key"]}"]`);
    if (input) input.value = sign;
  }

  /** New rows behind `after`, or at the end: as many as there may be. */
  private add(count: number, after?: Row): Row[] {
    const room = Math.max(0, Math.min(count, this.most() - this.body.rows.length));
    const holder = document.createElement("tbody");
    // the template is HTML of the server; its rows differ in their number alone
    const html = this.template.innerHTML;
    holder.innerHTML = Array.from({ length: room }, () => html.replaceAll(ROW, String(this.next++))).join("");
    const rows = [...holder.rows];
    this.untab(holder);
    if (after) after.after(...rows);
    else this.body.append(...rows);
    if (rows.length) this.body.dispatchEvent(new CustomEvent("signoff:added", { bubbles: true }));
    this.measure();
    return rows;
  }

  /** Rows move with Alt and an arrow, so that Tab need not stop at their arrows. */
  private untab(root: ParentNode): void {
    for (const button of root.querySelectorAll<HTMLElement>('[data-lines="up"], [data-lines="down"]')) button.tabIndex = -1;
  }

  private copy(row: Row): void {
    const [made] = this.add(1, row);
    if (!made) return;
    const to = all(made);
    all(row).forEach((input, place) => {
      const target = to[place];
      if (!target || input.type === "file") return;
      if (input instanceof HTMLInputElement && target instanceof HTMLInputElement && ["checkbox", "radio"].includes(input.type)) target.checked = input.checked;
      else target.value = input.value;
    });
    focusFirst(made);
    this.say(this.words.copied, made);
    this.changed();
  }

  private remove(row: Row): void {
    this.say(this.words.removed, row);
    this.own("own");
    this.isFilled = false;
    const neighbour = (row.nextElementSibling ?? row.previousElementSibling) as Row | null;
    row.remove();
    this.measure();
    const next = neighbour ?? this.add(1)[0];
    if (next) focusFirst(next);
    this.changed();
  }

  /** Rows are sent in the order of the page, so moving one is all there is to it. */
  private move(row: Row, by: -1 | 1): boolean {
    const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return false;
    if (by < 0) other.before(row);
    else other.after(row);
    this.say(this.words.moved, row);
    this.changed();
    return true;
  }

  private measure(): void {
    const full = this.body.rows.length >= this.most();
    const add = this.element.querySelector<HTMLButtonElement>('[data-lines="add"]');
    if (add) {
      add.disabled = full;
      add.title = full ? (this.words.full ?? "") : "";
    }
  }

  private onKey(event: KeyboardEvent): void {
    const input = event.target;
    if (!isCell(input) || event.isComposing || event.ctrlKey || event.metaKey) return;
    const row = input.closest("tr");
    if (!row) return;
    if (event.altKey) {
      if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
      event.preventDefault();
      if (this.move(row, event.key === "ArrowUp" ? -1 : 1)) input.focus();
      return;
    }
    const up = event.key === "ArrowUp" || (event.key === "Enter" && event.shiftKey);
    const down = event.key === "ArrowDown" || (event.key === "Enter" && !event.shiftKey);
    if (!up && !down) return;
    const own = input instanceof HTMLSelectElement || input instanceof HTMLTextAreaElement || ["date", "time", "datetime-local"].includes(input.type);
    if (event.key !== "Enter" && own) return;
    if (event.key === "Enter" && input instanceof HTMLTextAreaElement) return;
    event.preventDefault();
    this.go(row, input, up ? -1 : 1, event.key === "Enter");
  }

  private go(row: Row, input: Input, by: -1 | 1, mayAdd: boolean): void {
    const column = inputsOf(row).indexOf(input);
    if (column < 0) return;
    let target = (by < 0 ? row.previousElementSibling : row.nextElementSibling) as Row | null | undefined;
    if (!target && by > 0 && mayAdd && inputsOf(row).some((each) => each.value !== "")) target = this.add(1)[0];
    const next = target ? inputsOf(target)[column] : undefined;
    next?.focus();
    if (next instanceof HTMLInputElement) next.select();
  }

  private onPaste(event: ClipboardEvent): void {
    const input = event.target;
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!isCell(input) || !/[\t\n]/.test(text.replace(/\r?\n$/, ""))) return;
    const start = input.closest("tr");
    const cell = input.closest("td");
    if (!start || !cell || (input instanceof HTMLTextAreaElement && !text.includes("\t"))) return;
    event.preventDefault();
    const labels = [...this.element.querySelectorAll<HTMLElement>("thead th")].map((head) => head.textContent ?? "");
    const pasted = parsePasted(text);
    if (pasted.length > 1 && isHead(pasted[0] ?? [], labels)) pasted.shift();
    this.paste(pasted, start, cellsOf(start).indexOf(cell));
  }

  private paste(pasted: string[][], start: Row, first: number): void {
    const rows = [...this.body.rows].slice(start.sectionRowIndex);
    rows.push(...this.add(pasted.length - rows.length));
    const taken = pasted.slice(0, rows.length);
    let misfits = 0;
    taken.forEach((cells, place) => {
      const places = cellsOf(rows[place] as Row);
      cells.forEach((text, column) => {
        const target = places[first + column]?.querySelector<Input>(":is(input.form-control, select, textarea):not([type=file])");
        // a computed cell takes nothing: it has a value of its own
        if (target && !pasteInto(target, text)) misfits++;
      });
    });
    const said = [(this.words.pasted ?? "").replace("{n}", String(taken.length))];
    if (misfits) said.push((this.words.misfits ?? "").replace("{n}", String(misfits)));
    if (taken.length < pasted.length) said.push(this.words.full ?? "");
    this.tell(said.join(" "), misfits > 0 || taken.length < pasted.length);
    this.changed();
  }

  private say(sentence: string | undefined, row: Row): void {
    this.tell((sentence ?? "").replace("{n}", String(row.sectionRowIndex + 1)).replace("{count}", String(this.body.rows.length)), false);
  }

  /** What happened is heard; what needs a look is seen as well. */
  private tell(text: string, seen: boolean): void {
    const place = this.element.querySelector<HTMLElement>("[data-lines-said]");
    if (!place) return;
    place.textContent = text;
    place.classList.toggle("visually-hidden", !seen);
  }

  private changed(): void {
    this.element.dispatchEvent(new CustomEvent("signoff:changed", { bubbles: true }));
  }
}

function isCell(target: EventTarget | null): target is Input {
  return isInput(target) && target.closest("td") !== null;
}

function cellsOf(row: Row): HTMLTableCellElement[] {
  return [...row.cells].filter((cell) => !cell.hidden && !cell.classList.contains("lines-tools"));
}

/** What can be typed into, one for each column. */
function inputsOf(row: Row): Input[] {
  return [...row.querySelectorAll<Input>("td:not([hidden]) :is(input.form-control, select, textarea)")].filter((each) => each.type !== "file");
}

/** All that is sent of a row but the sign that there is one. */
function all(row: Row): Input[] {
  return [...row.querySelectorAll<Input>("td:not(.lines-tools) :is(input, select, textarea)")];
}

function focusFirst(row: Row): void {
  inputsOf(row)[0]?.focus();
}
