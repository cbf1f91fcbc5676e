/** Line items like a small spreadsheet: Enter goes down, rows come and go, and what was copied from a spreadsheet is pasted. */

const ROW = "__row__";

export default function lines(element: HTMLElement): void {
  const body = element.querySelector("tbody");
  const template = element.querySelector("template");
  if (body && template) new Lines(element, body, template).start();
}

type Input = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

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

/** A number as spreadsheets show it, as forms take it: no thousands, no currency, percent without its sign. */
export function plainNumber(text: string): string {
  const trimmed = text.trim().replace(/^[¥$€£]\s*/, "");
  return /^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(trimmed) ? trimmed.replaceAll(",", "") : trimmed;
}

class Lines {
  private next: number;

  constructor(
    private readonly element: HTMLElement,
    private readonly body: HTMLTableSectionElement,
    private readonly template: HTMLTemplateElement,
  ) {
    this.next = Math.max(-1, ...this.rows().map((row) => Number(row.dataset["row"]))) + 1;
  }

  start(): void {
    this.element.addEventListener("click", (event) => this.onClick(event));
    this.element.addEventListener("keydown", (event) => this.onKey(event));
    this.element.addEventListener("paste", (event) => this.onPaste(event));
    this.measure();
  }

  private rows(): HTMLTableRowElement[] {
    return [...this.body.rows];
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
    if (action === "add") this.focusFirst(this.add());
    else if (action === "copy" && row) this.copy(row);
    else if (action === "remove" && row) this.remove(row);
    this.changed();
  }

  /** A new row behind `after`, or at the end; `undefined` if there are as many as there may be. */
  private add(after?: HTMLTableRowElement): HTMLTableRowElement | undefined {
    if (this.rows().length >= this.most()) return undefined;
    const number = String(this.next++);
    const holder = document.createElement("tbody");
    // the template is HTML of the server; its rows differ in their number alone
    holder.innerHTML = this.template.innerHTML.replaceAll(ROW, number);
    const row = holder.rows[0];
    if (!row) return undefined;
    if (after) after.after(row);
    else this.body.append(row);
    row.dispatchEvent(new CustomEvent("signoff:added", { bubbles: true }));
    this.measure();
    return row;
  }

  private copy(row: HTMLTableRowElement): void {
    // rows are read in the order of their numbers, so a copy goes to the end
    const made = this.add();
    if (!made) return;
    const from = [...row.querySelectorAll<Input>("input, select, textarea")];
    const to = [...made.querySelectorAll<Input>("input, select, textarea")];
    from.forEach((input, place) => {
      const target = to[place];
      if (!target || target.name === `${this.element.dataset["key"]}-${made.dataset["row"]}` || input.type === "file") return;
      if (input instanceof HTMLInputElement && target instanceof HTMLInputElement && ["checkbox", "radio"].includes(input.type)) target.checked = input.checked;
      else target.value = input.value;
    });
    this.focusFirst(made);
  }

  private remove(row: HTMLTableRowElement): void {
    const neighbour = (row.nextElementSibling ?? row.previousElementSibling) as HTMLTableRowElement | null;
    row.remove();
    this.measure();
    this.focusFirst(neighbour ?? this.add());
  }

  private focusFirst(row: HTMLTableRowElement | undefined): void {
    if (row) inputsOf(row)[0]?.focus();
  }

  private measure(): void {
    const full = this.rows().length >= this.most();
    const add = this.element.querySelector<HTMLButtonElement>('[data-lines="add"]');
    if (add) {
      add.disabled = full;
      add.title = full ? (this.element.dataset["full"] ?? "") : "";
    }
  }

  private onKey(event: KeyboardEvent): void {
    const input = event.target;
    if (!isCell(input) || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const up = event.key === "ArrowUp" || (event.key === "Enter" && event.shiftKey);
    const down = event.key === "ArrowDown" || (event.key === "Enter" && !event.shiftKey);
    if (!up && !down) return;
    if (event.key !== "Enter" && (input instanceof HTMLSelectElement || input instanceof HTMLTextAreaElement || input.type === "date")) return;
    if (event.key === "Enter" && input instanceof HTMLTextAreaElement && !event.ctrlKey) return;
    const row = input.closest("tr");
    const column = row ? inputsOf(row).indexOf(input) : -1;
    if (!row || column < 0) return;
    event.preventDefault();
    let target = (up ? row.previousElementSibling : row.nextElementSibling) as HTMLTableRowElement | null | undefined;
    if (!target && event.key === "Enter" && down && rowIsFilled(row)) target = this.add();
    const next = target ? inputsOf(target)[column] : undefined;
    next?.focus();
    if (next instanceof HTMLInputElement) next.select();
  }

  private onPaste(event: ClipboardEvent): void {
    const input = event.target;
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!isCell(input) || !/[\t\n]/.test(text.replace(/\r?\n$/, ""))) return;
    const start = input.closest("tr");
    if (!start) return;
    event.preventDefault();
    const first = inputsOf(start).indexOf(input);
    let row: HTMLTableRowElement | null | undefined = start;
    for (const cells of parsePasted(text)) {
      row ??= this.add();
      if (!row) break;
      const inputs = inputsOf(row);
      cells.forEach((cell, place) => {
        const target = inputs[first + place];
        if (target) put(target, cell);
      });
      row = row.nextElementSibling as HTMLTableRowElement | null;
    }
    this.changed();
  }

  private changed(): void {
    this.element.dispatchEvent(new CustomEvent("signoff:changed", { bubbles: true }));
  }
}

function isCell(target: EventTarget | null): target is Input {
  return (
    (target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) &&
    target.closest("td") !== null
  );
}

/** What can be typed into, one for each column. */
function inputsOf(row: HTMLTableRowElement): Input[] {
  return [...row.querySelectorAll<Input>("td:not([hidden]) :is(input.form-control, select, textarea)")].filter((each) => each.type !== "file");
}

function rowIsFilled(row: HTMLTableRowElement): boolean {
  return inputsOf(row).some((input) => input.value !== "");
}

function put(input: Input, text: string): void {
  const value = text.trim();
  if (input instanceof HTMLSelectElement) {
    const wanted = [...input.options].find((option) => option.value === value || option.text.trim() === value);
    input.value = wanted?.value ?? "";
  } else if (!input.readOnly) {
    input.value = input.classList.contains("number") ? plainNumber(value) : value;
  }
}
