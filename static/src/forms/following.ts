/** A form as its page follows it: what shows, is required, read-only and computed, from what stands in its inputs.
 *
 * The server's program says the same of the same values (`forms/program.py`); what only the server knows stays as it is
 * on the page until the server answers.
 */

import { type Condition, holds } from "./conditions";
import { type Env, evaluate, TooMuch, type Tree } from "./formulas";
import { complaint, fill, type Words } from "./judging";
import { type Field, fitted, type Place, readInput, shown, wire } from "./sorts";
import { Decimal, isBlank, Known, Moment, Parts, read, type Typed, UNKNOWN, Unknown, type Value, type Values } from "./values";

type Question = Condition | { formula: Tree } | null;

export interface Program {
  language: string;
  /** Fields, and columns as `lines.total`. */
  fields: Record<string, Field>;
  /** Names in the order in which values become known. */
  order: string[];
  /** `null`: only the server may read what it needs. */
  computed: Record<string, Tree | null>;
  /** `rows` are asked for each row of a table. */
  rules: Rules & { rows: Rules };
  /** Columns of a table in the order in which the cells of a row become known, where rules are asked for each row. */
  in_turn: Record<string, string[]>;
  checks: Check[];
  words: Words;
}

/** What must hold, at a field or in each row of a table at a column; `needs` are names that must be right before. */
interface Check {
  at: string;
  table: string | null;
  when: Question;
  holds: Question;
  needs: string[];
  message: string;
}

type Rules = Record<"show" | "hide" | "readonly" | "require", Record<string, Question[]>> & { set: Record<string, [Question, Tree | null][]> };

/** What rules say of one cell alone; what is not there is as its column says, or known to the server alone. */
export interface Cell {
  hidden?: boolean;
  required?: boolean;
  readonly?: boolean;
}

/** What is so just now: `fixed` are values without an input, `kept` what stands in inputs that a rule makes read-only. */
export interface Now {
  /** Nothing was filed yet: whatever a chosen record fills, it fills until something is typed there. */
  fresh: boolean;
  /** Everything is checked, not only what somebody changes at a step. */
  judged: boolean;
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
  cells: Map<string, Cell>;
  /** By the id of an input what is wrong with it, `null` where nothing is, as far as it is known here. */
  problems: Map<string, string | null>;
}

/** A row of a table: its number on the page, and what is known of it so far. */
interface Row extends Values {
  table: string;
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
  private readonly found: Followed = { visible: new Map(), required: new Map(), readonly: new Map(), inputs: new Map(), outputs: new Map(), cells: new Map(), problems: new Map() };
  /** Names with which something is wrong, or may be: nothing that needs them is checked. */
  private readonly broken = new Set<string>();
  /** All rows on the page, blank ones too. */
  private readonly all = new Map<string, Row[]>();

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
    if (this.now.judged) this.judge();
    return this.found;
  }

  private of(name: string): Field {
    return this.program.fields[name] ?? { type: "", base: "none", required: false };
  }

  /** What a question answers; `undefined` where only the server knows. */
  private ask(question: Question, row?: Row): boolean | undefined {
    if (question === null) return undefined;
    try {
      if (!("formula" in question)) return holds(question, row ? new Known(row.cells, this.env.values) : this.env.values);
      const value = evaluate(question.formula, this.within(row));
      return value instanceof Decimal ? !value.isZero() : Boolean(value);
    } catch (error) {
      if (error instanceof Unknown || error instanceof TooMuch) return undefined;
      throw error;
    }
  }

  private within(row?: Row): Env {
    return row ? { ...this.env, row, columns: new Set(this.columns.get(row.table)) } : this.env;
  }

  private some(questions: readonly Question[] = [], row?: Row): boolean | undefined {
    let found: boolean | undefined = false;
    for (const question of questions) {
      const answer = this.ask(question, row);
      if (answer) return true;
      if (answer === undefined) found = undefined;
    }
    return found;
  }

  private isHidden(name: string, row?: Row): boolean | undefined {
    const rules = row ? this.program.rules.rows : this.program.rules;
    const show = rules.show[name];
    const shows = show ? this.some(show, row) : true;
    if (shows === false) return true;
    const hides = this.some(rules.hide[name], row);
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

  private computed(field: Field, tree: Tree | null, row?: Row): Value | typeof UNKNOWN {
    if (tree === null) return UNKNOWN;
    try {
      return fitted(field, evaluate(tree, this.within(row)));
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
    if (field.parts) return this.partsOf(id, field);
    if (field.base === "json" && field.type !== "address") return UNKNOWN;
    const texts = this.sent.get(id) ?? (field.base === "json" ? this.parts(id) : []);
    const value = readInput(field, texts, this.place);
    return value === null && this.isBeingFilled(id, field) ? UNKNOWN : value;
  }

  /** Which parts hold something; what is not ticked, or hidden by a rule, does not. */
  private partsOf(id: string, field: Field): Value | typeof UNKNOWN {
    if (field.right !== undefined) return UNKNOWN; // each part has a right of its own
    const found = new Set<string>();
    for (const [key, base] of Object.entries(field.parts ?? {})) {
      const name = `${id.slice(2)}.${key}`;
      const hidden = this.isHidden(name);
      if (hidden !== undefined) this.found.visible.set(name, !hidden);
      const texts = this.sent.get(`${id}-${key}`) ?? [];
      const filled = base === "boolean" ? texts.at(-1) === "true" : texts.some((text) => text.trim() !== "");
      if (!filled || hidden) continue;
      if (hidden === undefined || this.some(this.program.rules.readonly[name]) !== false) return UNKNOWN;
      found.add(key);
    }
    return found.size ? new Parts(found) : null;
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
    const all = this.numbers(name).map((number) => this.row(name, number));
    this.all.set(name, all);
    const rows = all.filter((row) => row.cells.size > 0);
    this.rows.set(name, rows);
    this.values.set(name, rows.length ? rows : this.isBeingFilled(`f-${name}`, field) ? UNKNOWN : null);
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
    const known = new Known(cells);
    const row: Row = { table, number, cells, get: (key) => known.get(key) };
    const blank = this.isBlankRow(table, number);
    for (const column of this.program.in_turn[table] ?? this.columns.get(table) ?? []) {
      const name = `${table}.${column}`;
      if (name in this.program.computed || this.found.visible.get(name) === false) continue;
      const value = this.inRow(name, `f-${table}-${number}-${column}`, row, blank);
      if (value !== null) cells.set(column, value);
    }
    return row;
  }

  /** Nothing stands in the row yet: rules set nothing there. */
  private isBlankRow(table: string, number: string): boolean {
    return (this.columns.get(table) ?? []).every((column) => {
      const id = `f-${table}-${number}-${column}`;
      return [...(this.sent.get(id) ?? []), ...(this.of(`${table}.${column}`).base === "json" ? this.parts(id) : [])].every((text) => text === "");
    });
  }

  private cell(id: string): Cell {
    const found = this.found.cells.get(id) ?? {};
    this.found.cells.set(id, found);
    return found;
  }

  /** The value of a cell that somebody fills, unless rules of its row say otherwise. */
  private inRow(name: string, id: string, row: Row, blank: boolean): Value | typeof UNKNOWN {
    const rules = this.program.rules.rows;
    const field = this.of(name);
    if (name in rules.show || name in rules.hide) {
      const hidden = this.isHidden(name, row);
      if (hidden === undefined) return blank ? null : UNKNOWN;
      this.cell(id).hidden = hidden;
      if (hidden) return null;
    }
    if (!(name in rules.set || name in rules.readonly)) return this.input(id, field);
    for (const [when, tree] of [...(rules.set[name] ?? [])].reverse()) {
      const answer = this.ask(when, row);
      if (answer === undefined) return blank ? null : UNKNOWN;
      if (answer) return this.setCell(id, field, tree, row, blank);
    }
    const locked = this.some(rules.readonly[name], row);
    if (locked !== undefined) this.cell(id).readonly = locked;
    if (locked === false) return this.input(id, field);
    return blank ? null : UNKNOWN; // what a locked cell held is known to the server
  }

  private setCell(id: string, field: Field, tree: Tree | null, row: Row, blank: boolean): Value | typeof UNKNOWN {
    this.cell(id).readonly = true;
    if (blank) return null;
    if (field.type === "lookup") return UNKNOWN;
    const value = this.computed(field, tree, row);
    if (value !== UNKNOWN) this.found.inputs.set(id, wire(field, value, this.place));
    return value;
  }

  private column(name: string): void {
    const hidden = this.isHidden(name);
    const [table = "", column = ""] = name.split(".");
    if (this.found.visible.get(table) === false) return;
    if (hidden !== undefined) this.found.visible.set(name, !hidden);
    if (hidden === true) return;
    this.found.readonly.set(name, true);
    const field = this.of(name);
    const rows = this.rows.get(table) ?? [];
    for (const row of rows) {
      const gone = this.isHidden(name, row);
      if (gone !== false) {
        if (gone) this.cell(`f-${table}-${row.number}-${column}`).hidden = true;
        else row.cells.set(column, UNKNOWN);
        continue;
      }
      if (this.isHiddenByRow(name)) this.cell(`f-${table}-${row.number}-${column}`).hidden = false;
      const value = hidden === undefined ? UNKNOWN : this.computed(field, this.program.computed[name] ?? null, row);
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
        if (name in this.program.rules.rows.require) this.requireCells(name, asked);
      }
    }
  }

  private requireCells(name: string, always: boolean | undefined): void {
    const [table = "", column = ""] = name.split(".");
    for (const row of this.all.get(table) ?? []) {
      const cell = this.cell(`f-${table}-${row.number}-${column}`);
      const asked = always || this.some(this.program.rules.rows.require[name], row);
      if (asked !== undefined && always !== undefined) cell.required = !cell.hidden && asked;
    }
  }

  private isHiddenByRow(name: string): boolean {
    return name in this.program.rules.rows.show || name in this.program.rules.rows.hide;
  }

  private judge(): void {
    for (const [name, field] of Object.entries(this.program.fields)) {
      const [table = "", column] = name.split(".");
      if (this.columns.has(name)) this.judgeTable(name, field);
      if (name in this.program.computed || field.total || field.base === "none" || field.parts || this.columns.has(name)) continue;
      if (column === undefined) this.judgeInput(`f-${name}`, name, field, this.values.get(name) ?? null, name);
      else for (const row of this.rows.get(table) ?? []) this.judgeCell(row, column, name, field);
    }
    for (const check of this.program.checks) {
      if (this.found.visible.get(check.at) !== true || check.needs.some((name) => this.broken.has(name))) continue;
      if (check.table === null) this.check(check, `f-${check.at.replace(".", "-")}`);
      else for (const row of this.rows.get(check.table) ?? []) this.check(check, `f-${check.table}-${row.number}-${check.at.split(".")[1] ?? ""}`, row);
    }
  }

  private judgeTable(name: string, field: Field): void {
    const [rows, least] = [this.rows.get(name), Number(field.min ?? 0)];
    if (!rows || this.values.get(name) === UNKNOWN || this.found.visible.get(name) !== true || this.found.readonly.get(name)) return;
    const misfits = (this.all.get(name) ?? []).some((row) => row.cells.size === 0 && !this.isBlankRow(name, row.number));
    const mayCome = (field.filled ?? []).some((lookup) => this.values.get(lookup) === UNKNOWN);
    if (misfits || mayCome || !rows.every((row) => this.isKnown(row))) this.broken.add(name);
    else if (rows.length < least) this.say(`f-${name}`, fill(this.program.words.rows, { count: String(rows.length), min: String(least) }), name);
    else this.found.problems.set(`f-${name}`, null);
  }

  /** Of a row in which nothing is known to stand, the server alone knows whether it is one. */
  private judgeCell(row: Row, column: string, name: string, field: Field): void {
    if (!this.isKnown(row)) this.broken.add(row.table);
    else this.judgeInput(`f-${row.table}-${row.number}-${column}`, name, field, row.cells.get(column) ?? null, row.table);
  }

  private isKnown(row: Row): boolean {
    return [...row.cells].some(([key, value]) => value !== UNKNOWN && !(`${row.table}.${key}` in this.program.computed));
  }

  private judgeInput(id: string, name: string, field: Field, value: Value | typeof UNKNOWN, node: string): void {
    const cell = this.found.cells.get(id);
    if (this.found.visible.get(name) !== true || cell?.hidden) {
      if (this.found.visible.get(name) === undefined) this.broken.add(node);
      return;
    }
    if (this.found.readonly.get(name) || cell?.readonly) return;
    const wrong = value === UNKNOWN ? undefined : complaint(field, this.sent.get(id) ?? [], this.program.words, this.place);
    const required = this.found.required.get(name) || cell?.required ? true : this.found.required.get(name);
    if (wrong === null && isBlank(value as Value) && required) this.say(id, fill(this.program.words.required, { label: field.label ?? name }), node);
    else if (typeof wrong === "string") this.say(id, wrong, node);
    else if (wrong === undefined || required === undefined) this.broken.add(node);
    else this.found.problems.set(id, null);
  }

  private say(id: string, message: string, node: string): void {
    this.found.problems.set(id, message);
    this.broken.add(node);
  }

  private check(check: Check, id: string, row?: Row): void {
    if (this.found.problems.get(id) || this.found.cells.get(id)?.hidden) return;
    const when = this.ask(check.when, row);
    const holds = when === false ? true : this.ask(check.holds, row);
    if (when === undefined || holds === undefined) this.found.problems.delete(id);
    else this.found.problems.set(id, holds ? null : check.message);
  }
}
