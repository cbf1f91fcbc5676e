/** A form as its page follows it: what shows, is required, read-only and computed, from what stands in its inputs.
 *
 * The server's program says the same of the same values (`forms/program.py`); what only the server knows stays as it is
 * on the page until the server answers.
 */

import { type Condition, holds } from "./conditions";
import { type Env, evaluate, TooMuch, type Tree } from "./formulas";
import { type Field, fitted, type Place, readInput, shown, wire } from "./sorts";
import { Decimal, Known, Moment, read, type Typed, UNKNOWN, Unknown, type Value, type Values } from "./values";

type Question = Condition | { formula: Tree } | null;

export interface Program {
  language: string;
  /** Fields, and columns as `lines.total`. */
  fields: Record<string, Field>;
  /** Names in the order in which values become known. */
  order: string[];
  /** `null`: only the server may read what it needs. */
  computed: Record<string, Tree | null>;
  rules: Record<"show" | "hide" | "readonly" | "require", Record<string, Question[]>> & { set: Record<string, [Question, Tree | null][]> };
}

/** What is so just now: `fixed` are values without an input, `kept` what stands in inputs that a rule makes read-only. */
export interface Now {
  /** Nothing was filed yet: whatever a chosen record fills, it fills until something is typed there. */
  fresh: boolean;
  at: string;
  zone: string;
  shown: string;
  facts: Record<string, Typed>;
  fixed: Record<string, Typed>;
  kept: Record<string, string | string[]>;
}

/** Texts by the name of their input, in the order of the page. */
export type Sent = ReadonlyMap<string, readonly string[]>;

/** By name, or by the id of an input or output; what is not in a map is known to the server alone. */
export interface Followed {
  visible: Map<string, boolean>;
  required: Map<string, boolean>;
  readonly: Map<string, boolean>;
  inputs: Map<string, string | string[]>;
  outputs: Map<string, string>;
}

/** A row of a table: its number on the page, and what is known of it so far. */
interface Row extends Values {
  number: string;
  cells: Map<string, Value | typeof UNKNOWN>;
}

export class Form {
  private readonly place: Place;
  private readonly columns = new Map<string, string[]>();
  private readonly started: number;

  constructor(
    private readonly program: Program,
    private readonly now: Now,
    private readonly clock: () => number = () => Date.now(),
  ) {
    this.place = { zone: now.zone, shown: now.shown, language: program.language };
    this.started = clock();
    for (const name of Object.keys(program.fields)) {
      const [table, column] = name.split(".");
      if (table && column) this.columns.set(table, [...(this.columns.get(table) ?? []), column]);
    }
  }

  /** `confirmed` are ids that lookups had when the server last answered: what another one fills is not known yet. */
  follow(sent: Sent, confirmed: ReadonlyMap<string, string> = new Map()): Followed {
    return new Following(this.program, this.now, this.place, this.columns, this.moment(), sent, confirmed).run();
  }

  private moment(): Moment {
    const at = Moment.read(this.now.at) ?? new Moment(0);
    return new Moment(at.ms + Math.max(0, this.clock() - this.started), at.micros);
  }
}

class Following {
  private readonly values = new Map<string, Value | typeof UNKNOWN>();
  private readonly env: Env;
  private readonly rows = new Map<string, Row[]>();
  private readonly found: Followed = { visible: new Map(), required: new Map(), readonly: new Map(), inputs: new Map(), outputs: new Map() };

  constructor(
    private readonly program: Program,
    private readonly now: Now,
    private readonly place: Place,
    private readonly columns: ReadonlyMap<string, string[]>,
    moment: Moment,
    private readonly sent: Sent,
    private readonly confirmed: ReadonlyMap<string, string>,
  ) {
    for (const [key, value] of Object.entries(now.facts)) this.values.set(key, read(value));
    this.env = { values: new Known(this.values), now: moment, zone: place.zone };
  }

  run(): Followed {
    for (const name of this.program.order) {
      if (name.includes(".")) this.column(name);
      else if (this.columns.has(name)) this.table(name);
      else this.field(name);
    }
    this.require();
    return this.found;
  }

  private of(name: string): Field {
    return this.program.fields[name] ?? { type: "", base: "none", required: false };
  }

  /** What a question answers; `undefined` where only the server knows. */
  private ask(question: Question): boolean | undefined {
    if (question === null) return undefined;
    try {
      if (!("formula" in question)) return holds(question, this.env.values);
      const value = evaluate(question.formula, this.env);
      return value instanceof Decimal ? !value.isZero() : Boolean(value);
    } catch (error) {
      if (error instanceof Unknown || error instanceof TooMuch) return undefined;
      throw error;
    }
  }

  private some(questions: readonly Question[] = []): boolean | undefined {
    let found: boolean | undefined = false;
    for (const question of questions) {
      const answer = this.ask(question);
      if (answer) return true;
      if (answer === undefined) found = undefined;
    }
    return found;
  }

  private isHidden(name: string): boolean | undefined {
    const show = this.program.rules.show[name];
    const shows = show ? this.some(show) : true;
    if (shows === false) return true;
    const hides = this.some(this.program.rules.hide[name]);
    return hides === false && shows === undefined ? undefined : hides;
  }

  /** Notes whether `name` shows; `true` if it does. */
  private opens(name: string): boolean {
    const hidden = this.isHidden(name);
    if (hidden !== undefined) this.found.visible.set(name, !hidden);
    if (hidden === undefined) this.values.set(name, UNKNOWN);
    if (hidden !== false) this.found.readonly.set(name, false);
    return hidden === false;
  }

  private field(name: string): void {
    if (!this.opens(name)) return;
    const field = this.of(name);
    const tree = this.program.computed[name];
    if (tree !== undefined) {
      this.found.readonly.set(name, true);
      const value = this.computed(field, tree);
      this.values.set(name, value);
      this.output(`f-${name}`, field, value);
    } else this.values.set(name, this.given(name, field));
  }

  private given(name: string, field: Field): Value | typeof UNKNOWN {
    if (name in this.now.fixed) {
      this.found.readonly.set(name, true);
      return read(this.now.fixed[name] ?? null);
    }
    for (const [when, tree] of [...(this.program.rules.set[name] ?? [])].reverse()) {
      const answer = this.ask(when);
      if (answer === undefined) return UNKNOWN;
      if (answer) return this.set(name, field, tree);
    }
    const locked = field.right === "read" || this.some(this.program.rules.readonly[name]);
    if (locked !== undefined) this.found.readonly.set(name, locked);
    const kept = this.now.kept[name];
    if (locked !== true || kept === undefined) return this.input(`f-${name}`, field);
    this.found.inputs.set(`f-${name}`, kept);
    return readInput(field, typeof kept === "string" ? [kept] : kept, this.place);
  }

  private set(name: string, field: Field, tree: Tree | null): Value | typeof UNKNOWN {
    this.found.readonly.set(name, true);
    const value = this.computed(field, tree);
    if (value !== UNKNOWN) this.found.inputs.set(`f-${name}`, wire(field, value, this.place));
    return value;
  }

  private computed(field: Field, tree: Tree | null, row?: Row, columns?: ReadonlySet<string>): Value | typeof UNKNOWN {
    if (tree === null) return UNKNOWN;
    try {
      return fitted(field, evaluate(tree, row && columns ? { ...this.env, row, columns } : this.env));
    } catch (error) {
      if (error instanceof Unknown || error instanceof TooMuch) return UNKNOWN;
      throw error;
    }
  }

  private output(id: string, field: Field, value: Value | typeof UNKNOWN): void {
    if (value === UNKNOWN) return;
    try {
      this.found.outputs.set(id, shown(field, value, this.place));
    } catch (error) {
      if (!(error instanceof Unknown)) throw error;
    }
  }

  /** What stands in an input. */
  private input(id: string, field: Field): Value | typeof UNKNOWN {
    if (field.type === "lookup") return this.lookedUp(id);
    if (field.base === "json" && field.type !== "address") return UNKNOWN;
    const texts = this.sent.get(id) ?? (field.base === "json" ? this.parts(id) : []);
    const value = readInput(field, texts, this.place);
    return value === null && this.isBeingFilled(id, field) ? UNKNOWN : value;
  }

  private parts(id: string): string[] {
    return [...this.sent].filter(([name]) => name.startsWith(`${id}-`)).flatMap(([, texts]) => texts);
  }

  /** The record that was chosen; what somebody only typed is found by the server. */
  private lookedUp(id: string): Value | typeof UNKNOWN {
    const [text, ident, words] = ["", "-id", "-shown"].map((part) => (this.sent.get(id + part)?.at(-1) ?? "").trim());
    if (!text) return null;
    return ident && text === words ? new Decimal(ident) : UNKNOWN;
  }

  private isBeingFilled(id: string, field: Field): boolean {
    const start = id.slice(0, id.lastIndexOf("-") + 1);
    return (field.filled ?? []).some((lookup) => {
      const name = `${start}${lookup}-id`;
      const ident = this.sent.get(name)?.at(-1) ?? "";
      return ident !== "" && (this.now.fresh || ident !== (this.confirmed.get(name) ?? ""));
    });
  }

  private table(name: string): void {
    if (!this.opens(name)) return;
    const field = this.of(name);
    const locked = field.right === "read" || this.some(this.program.rules.readonly[name]);
    if (locked !== undefined) this.found.readonly.set(name, locked);
    for (const column of this.columns.get(name) ?? []) this.openColumn(`${name}.${column}`, locked);
    const fixed = this.now.fixed[name];
    if (fixed && "rows" in fixed) {
      this.values.set(name, fixed.rows.length ? read(fixed) : null);
      return;
    }
    const rows = this.numbers(name).map((number) => this.row(name, number)).filter((row) => row.cells.size > 0);
    this.rows.set(name, rows);
    this.values.set(name, rows.length ? rows : null);
  }

  private openColumn(name: string, tableIsLocked: boolean | undefined): void {
    if (name in this.program.computed) return;
    const hidden = this.isHidden(name);
    if (hidden !== undefined) this.found.visible.set(name, !hidden);
    const locked = this.of(name).right === "read" ? true : this.some(this.program.rules.readonly[name]);
    if (hidden === false && locked !== undefined) this.found.readonly.set(name, locked || tableIsLocked === true);
  }

  /** Numbers of a table's rows in the order of the page. */
  private numbers(table: string): string[] {
    const start = `f-${table}-`;
    const found = new Set<string>();
    for (const name of this.sent.keys()) {
      if (name.startsWith(start)) {
        const number = name.slice(start.length).split("-", 1)[0] ?? "";
        if (/^\d{1,6}$/.test(number)) found.add(number);
      }
    }
    return [...found];
  }

  private row(table: string, number: string): Row {
    const cells = new Map<string, Value | typeof UNKNOWN>();
    for (const column of this.columns.get(table) ?? []) {
      const name = `${table}.${column}`;
      if (name in this.program.computed || this.found.visible.get(name) === false) continue;
      const value = this.input(`f-${table}-${number}-${column}`, this.of(name));
      if (value !== null) cells.set(column, value);
    }
    const known = new Known(cells);
    return { number, cells, get: (key) => known.get(key) };
  }

  private column(name: string): void {
    const hidden = this.isHidden(name);
    const [table = "", column = ""] = name.split(".");
    if (this.found.visible.get(table) === false) return;
    if (hidden !== undefined) this.found.visible.set(name, !hidden);
    if (hidden === true) return;
    this.found.readonly.set(name, true);
    const field = this.of(name);
    const own = new Set(this.columns.get(table));
    const rows = this.rows.get(table) ?? [];
    for (const row of rows) {
      const value = hidden === undefined ? UNKNOWN : this.computed(field, this.program.computed[name] ?? null, row, own);
      if (value !== null) row.cells.set(column, value);
      this.output(`f-${table}-${row.number}-${column}`, field, value);
    }
    const filled = new Set(rows.map((row) => row.number));
    for (const number of this.numbers(table)) if (!filled.has(number)) this.found.outputs.set(`f-${table}-${number}-${column}`, "");
  }

  private require(): void {
    for (const [name, field] of Object.entries(this.program.fields)) {
      const visible = this.found.visible.get(name);
      const table = this.found.visible.get(name.split(".")[0] ?? "");
      if (visible === false || table === false) this.found.required.set(name, false);
      else if (field.right !== undefined && field.right !== "edit") this.found.required.set(name, field.right === "required");
      else {
        const asked = field.required || this.some(this.program.rules.require[name]);
        if (asked !== undefined && visible !== undefined) this.found.required.set(name, asked);
      }
    }
  }
}
