/** Values as conditions and formulas know them: those of Python's evaluator, one for one. */

import { Decimal as Plain } from "decimal.js";

/** 28 digits, half-even inside, and the bounds of Python's decimals. */
export const Decimal = Plain.clone({ defaults: true, precision: 28, rounding: Plain.ROUND_HALF_EVEN, maxE: 999_999, minE: -999_999 });
export type Num = Plain;

export const ZERO: Num = new Decimal(0);
export const HUNDRED: Num = new Decimal(100);

const DAY_MS = 86_400_000;
export const MIN_DAY = -719_162; // 0001-01-01
export const MAX_DAY = 2_932_896; // 9999-12-31

/** A calendar day, counted from 1970-01-01. */
export class Day {
  constructor(readonly number: number) {}

  /** `null` if there is no such day. */
  static of(year: number, month: number, day: number): Day | null {
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return null;
    const found = new Date(0);
    found.setUTCFullYear(year, month - 1, day);
    return found.getUTCMonth() === month - 1 ? new Day(Math.round(found.getTime() / DAY_MS)) : null;
  }

  static read(text: string): Day | null {
    const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
    return found ? Day.of(Number(found[1]), Number(found[2]), Number(found[3])) : null;
  }

  static at(number: number): Day | null {
    return number >= MIN_DAY && number <= MAX_DAY ? new Day(number) : null;
  }

  get parts(): [year: number, month: number, day: number] {
    const date = new Date(this.number * DAY_MS);
    return [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  }

  /** 0 is Monday. */
  get weekday(): number {
    return (((this.number + 3) % 7) + 7) % 7;
  }

  toString(): string {
    const [year, month, day] = this.parts;
    return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  }
}

/** A moment: milliseconds since 1970 in UTC, and the microseconds beyond them. */
export class Moment {
  constructor(
    readonly ms: number,
    readonly micros = 0,
  ) {}

  /** RFC 3339 in UTC, as Python writes it. */
  static read(text: string): Moment | null {
    const found = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?Z$/.exec(text);
    const day = found ? Day.read(found[1] ?? "") : null;
    if (!found || !day) return null;
    const fraction = (found[5] ?? "").padEnd(6, "0");
    const seconds = (Number(found[2]) * 60 + Number(found[3])) * 60 + Number(found[4] ?? 0);
    return new Moment(day.number * DAY_MS + seconds * 1000 + Number(fraction.slice(0, 3)), Number(fraction.slice(3)));
  }

  /** The wall clock of `zone` at this moment: its day, and minutes since midnight there. */
  in(zone: string): { day: Day; minutes: number } {
    const local = this.ms + offsetOf(this.ms, zone);
    const number = Math.floor(local / DAY_MS);
    return { day: new Day(number), minutes: Math.floor((local - number * DAY_MS) / 60_000) };
  }

  /** The moment at which clocks of `zone` show that; where they show it twice, the first. */
  static on(day: Day, seconds: number, zone: string): Moment {
    const wall = day.number * DAY_MS + seconds * 1000;
    const before = wall - offsetOf(wall - DAY_MS, zone);
    const after = wall - offsetOf(wall + DAY_MS, zone);
    if (before === after || before + offsetOf(before, zone) === wall) return new Moment(before);
    return new Moment(after + offsetOf(after, zone) === wall ? after : before);
  }

  toString(): string {
    const fraction = this.ms % 1000 || this.micros ? `.${String(((this.ms % 1000) + 1000) % 1000).padStart(3, "0")}${String(this.micros).padStart(3, "0")}` : "";
    const seconds = Math.floor(this.ms / 1000);
    const day = Math.floor(seconds / 86_400);
    const rest = seconds - day * 86_400;
    return `${new Day(day).toString()}T${clock(Math.floor(rest / 60))}:${two(rest % 60)}${fraction}Z`;
  }
}

/** A time of day. */
export class Time {
  constructor(readonly seconds: number) {}

  static read(text: string): Time | null {
    const found = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
    if (!found || Number(found[1]) > 23 || Number(found[2]) > 59 || Number(found[3] ?? 0) > 59) return null;
    return new Time((Number(found[1]) * 60 + Number(found[2])) * 60 + Number(found[3] ?? 0));
  }

  /** `09:30:00`, as Python's `str` has it. */
  toString(): string {
    return `${clock(Math.floor(this.seconds / 60))}:${two(this.seconds % 60)}`;
  }
}

/** Stands for a value that has no sort of its own here, such as an address: it can be counted, and is not blank. */
export class Other {}

/** The value of a field made of others, such as a checklist: which of them hold something. */
export class Parts extends Other {
  constructor(readonly keys: ReadonlySet<string>) {
    super();
  }
}

/** Fields, columns or rows by name. */
export interface Values {
  get(key: string): Value;
}

export type Value = null | boolean | string | Num | Day | Moment | Time | Other | readonly Value[] | Values;

/** What only the server knows: a record that somebody looks up, a field that this person may not see. */
export class Unknown extends Error {}

export const UNKNOWN = Symbol("unknown");

/** Values by key; asking for what only the server knows throws `Unknown`. */
export class Known implements Values {
  constructor(
    private readonly values: ReadonlyMap<string, Value | typeof UNKNOWN>,
    private readonly outer?: Values,
  ) {}

  get(key: string): Value {
    const value = this.values.get(key);
    if (value === UNKNOWN) throw new Unknown(key);
    if (value !== undefined && value !== null) return value;
    return this.outer?.get(key) ?? null;
  }
}

export function isNumber(value: unknown): value is Num {
  return value instanceof Decimal;
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** Nothing was filled in; `false` and 0 are answers. */
export function isBlank(value: Value): boolean {
  return value === null || value === "" || (isList(value) && value.length === 0);
}

/** A value with its sort as Python writes it (`operand_json`): `{"number": "200"}`, a list of several, or null. */
export type Typed =
  | null
  | { number: string }
  | { text: string }
  | { boolean: boolean }
  | { date: string }
  | { datetime: string }
  | { time: string }
  | { other: true }
  | { parts: string[] }
  | Typed[]
  | { rows: Record<string, Typed>[] };

export function read(typed: Typed): Value {
  if (typed === null) return null;
  if (Array.isArray(typed)) return typed.map(read);
  if ("number" in typed) return new Decimal(typed.number);
  if ("text" in typed) return typed.text;
  if ("boolean" in typed) return typed.boolean;
  if ("date" in typed) return Day.read(typed.date);
  if ("datetime" in typed) return Moment.read(typed.datetime);
  if ("time" in typed) return Time.read(typed.time);
  if ("rows" in typed) return typed.rows.map((row) => new Known(new Map(Object.entries(row).map(([key, value]) => [key, read(value)]))));
  if ("parts" in typed) return new Parts(new Set(typed.parts));
  return new Other();
}

export function write(value: Value): Typed {
  if (value === null) return null;
  if (typeof value === "boolean") return { boolean: value };
  if (typeof value === "string") return { text: value };
  if (isNumber(value)) return { number: digits(value) };
  if (value instanceof Day) return { date: value.toString() };
  if (value instanceof Moment) return { datetime: value.toString() };
  if (value instanceof Time) return { time: value.toString() };
  if (isList(value)) return value.map(write);
  return { other: true };
}

/** The digits of a number without zeros at its end and without exponent. */
export function digits(value: Num): string {
  return value.isZero() ? "0" : value.toFixed();
}

/** Texts that are equal where the values are. */
export function keyOf(value: Value): string {
  if (value === null) return "";
  if (isNumber(value)) return `number:${digits(value)}`;
  if (typeof value === "string") return `text:${value}`;
  if (value instanceof Moment) return `moment:${value.ms}:${value.micros}`;
  if (value instanceof Day) return `day:${value.number}`;
  if (value instanceof Time) return `time:${value.seconds}`;
  return String(value);
}

/** -1, 0 or 1 for two values of one sort that has an order, `null` otherwise. */
export function compare(one: Value, other: Value): number | null {
  if (isNumber(one) && isNumber(other)) return one.cmp(other);
  if (one instanceof Day && other instanceof Day) return Math.sign(one.number - other.number);
  if (one instanceof Moment && other instanceof Moment) return Math.sign(one.ms - other.ms) || Math.sign(one.micros - other.micros);
  if (one instanceof Time && other instanceof Time) return Math.sign(one.seconds - other.seconds);
  return null;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Milliseconds by which clocks of `zone` are before UTC at a moment. */
function offsetOf(ms: number, zone: string): number {
  if (zone === "UTC") return 0;
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone, hourCycle: "h23", era: "short",
      year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
    }); // prettier-ignore
    formats.set(zone, format);
  }
  const parts: Record<string, string> = {};
  for (const { type, value } of format.formatToParts(ms)) parts[type] = value;
  const year = parts["era"] === "BC" ? 1 - Number(parts["year"]) : Number(parts["year"]);
  const wall = new Date(0);
  wall.setUTCFullYear(year, Number(parts["month"]) - 1, Number(parts["day"]));
  wall.setUTCHours(Number(parts["hour"]), Number(parts["minute"]), Number(parts["second"]));
  return wall.getTime() - Math.floor(ms / 1000) * 1000;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

/** `09:30` of minutes since midnight. */
export function clock(minutes: number): string {
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
