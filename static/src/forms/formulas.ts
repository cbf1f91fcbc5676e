/** Evaluating the tree of a formula, as `forms/formulas/evaluate.py` does; golden cases and a fuzz hold the two together. */

import { clock, compare, Day, Decimal, digits, HUNDRED, isBlank, isList, isNumber, keyOf, Moment, type Num, Unknown, type Value, type Values, ZERO } from "./values";

/** The tree as Python stores it (`formulas.to_json`); days are shifted with `later`, `earlier` and counted with `between`. */
export type Tree = { number: string } | { text: string } | { boolean: boolean } | { field: string } | { call: string; args: Tree[] };

/** What a formula can see. `row` is the line item in which it stands; `columns` are the names that mean its own. */
export interface Env {
  values: Values;
  now: Moment;
  zone: string;
  row?: Values;
  columns?: ReadonlySet<string>;
  /** Working days from one to the other, both counted; without it only the server knows. */
  workingDays?: (first: Day, last: Day) => number;
  steps?: number;
}

export const MAX_STEPS = 1_000_000;

/** Computing takes too many steps. */
export class TooMuch extends Error {}

/** The value of a resolved tree; null is blank.
 *
 * @throws Unknown if it depends on what only the server knows.
 * @throws TooMuch beyond `MAX_STEPS`.
 */
export function evaluate(tree: Tree, env: Env): Value {
  if ("call" in tree) {
    const lazy = LAZY[tree.call];
    if (lazy) return lazy(tree.args, env);
    const run = FUNCTIONS[tree.call];
    if (!run) throw new Unknown(tree.call);
    return run(env, ...tree.args.map((part) => evaluate(part, env)));
  }
  if ("field" in tree) return named(tree.field, env);
  if ("number" in tree) return new Decimal(tree.number);
  return "text" in tree ? tree.text : tree.boolean;
}

function named(key: string, env: Env): Value {
  if (env.row && env.columns?.has(key)) return env.row.get(key);
  const dot = key.indexOf(".");
  if (dot < 0 || key.startsWith("submitter.")) return env.values.get(key);
  const rows = env.values.get(key.slice(0, dot));
  if (!isList(rows)) return [];
  env.steps = (env.steps ?? 0) + rows.length;
  if (env.steps > MAX_STEPS) throw new TooMuch();
  return rows.map((row) => (row as Values).get(key.slice(dot + 1)));
}

type Lazy = (args: Tree[], env: Env) => Value;
type Run = (env: Env, ...values: Value[]) => Value;

const LAZY: Record<string, Lazy> = Object.assign(Object.create(null) as Record<string, Lazy>, {
  IF(args: Tree[], env: Env): Value {
    const chosen = isTrue(evaluate(args[0] as Tree, env)) ? args[1] : args[2];
    return chosen ? evaluate(chosen, env) : null;
  },
  AND: (args: Tree[], env: Env): Value => args.every((part) => opened(evaluate(part, env)).every(isTrue)),
  OR: (args: Tree[], env: Env): Value => args.some((part) => opened(evaluate(part, env)).some(isTrue)),
  COALESCE(args: Tree[], env: Env): Value {
    for (const part of args) {
      const value = evaluate(part, env);
      if (value !== null && value !== "") return value;
    }
    return null;
  },
});

function opened(value: Value): readonly Value[] {
  return isList(value) ? value : [value];
}

function isTrue(value: Value): boolean {
  if (isNumber(value)) return !value.isZero();
  return value !== null && value !== false && value !== "" && !(isList(value) && value.length === 0);
}

/** A computed number, `null` where it is beyond all bounds. */
function bounded(value: Num): Num | null {
  return value.isFinite() ? value : null;
}

function arithmetic(compute: (one: Num, other: Num) => Num | null): Run {
  return (_env, one = null, other = null) => {
    const left = one ?? ZERO;
    const right = other ?? ZERO;
    const result = isNumber(left) && isNumber(right) ? compute(left, right) : null;
    return result && bounded(result);
  };
}

function number(value: Value): Num {
  return isNumber(value) ? value : ZERO;
}

/** The whole part, as far as counting goes. */
function whole(value: Value): number {
  return number(value).trunc().toNumber();
}

const Exact = Decimal.clone({ precision: 400 });

/** What is left, with the sign of the divisor; blank for a divisor of 0 and where the quotient is beyond 28 digits. */
function remainder(one: Value, other: Value): Value {
  const dividend = new Exact(number(one));
  const divisor = new Exact(number(other));
  if (divisor.isZero()) return null;
  if (dividend.isZero()) return ZERO;
  if (dividend.e - divisor.e > 29) return null;
  const quotient = dividend.divToInt(divisor);
  if (quotient.abs().gte("1e28")) return null;
  const left = new Decimal(dividend.minus(quotient.times(divisor))).plus(0);
  return left.isZero() || left.isNegative() === divisor.isNegative() ? left : left.plus(new Decimal(divisor));
}

function shift(sign: number): Run {
  return (_env, day = null, days = null) => (day instanceof Day ? Day.at(day.number + sign * whole(days)) : null);
}

function between(last: Value, first: Value): Value {
  return last instanceof Day && first instanceof Day ? new Decimal(last.number - first.number) : null;
}

/** A value inside a text: digits without trailing zeros, days as `2026-03-01`. */
export function textOf(value: Value, zone: string): string {
  if (value === null) return "";
  if (isNumber(value)) return digits(value.plus(0));
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (value instanceof Moment) {
    const { day, minutes } = value.in(zone);
    return `${day.toString()} ${clock(minutes)}`;
  }
  return String(value);
}

/** What a blank counts as beside `value`: 0, an empty text, FALSE; nothing beside a day. */
function blankLike(value: Value): Value {
  if (typeof value === "boolean") return false;
  if (isNumber(value)) return ZERO;
  return typeof value === "string" ? "" : null;
}

function equal(one: Value, other: Value): boolean {
  if (one === null && other === null) return true;
  const left = one ?? blankLike(other);
  const right = other ?? blankLike(one);
  return left !== null && right !== null && keyOf(left) === keyOf(right);
}

function ordered(holds: (order: number) => boolean): Run {
  return (_env, one = null, other = null) => {
    if (one === null && other === null) return holds(0);
    const order = compare(one ?? blankLike(other), other ?? blankLike(one));
    return order !== null && holds(order);
  };
}

/** All values that are not blank, columns opened. */
function flat(values: readonly Value[]): Value[] {
  return values.flatMap((value) => opened(value)).filter((each) => each !== null && each !== "");
}

function added(values: readonly Value[]): Num | null {
  return bounded(values.reduce<Num>((sum, each) => sum.plus(number(each)), ZERO));
}

function extreme(sign: number): Run {
  return (_env, ...values) => {
    const found = flat(values);
    return found.length ? found.reduce((best, each) => ((compare(each, best) ?? 0) * sign > 0 ? each : best)) : null;
  };
}

function rounding(mode: 0 | 1 | 4): Run {
  return (_env, value = null, places = null) => {
    const given = number(value);
    const digitsKept = Math.max(-28, Math.min(28, whole(places)));
    if (given.decimalPlaces() <= digitsKept) return given;
    if (digitsKept >= 0) return given.toDecimalPlaces(digitsKept, mode);
    const unit = new Exact(10).pow(-digitsKept);
    return new Decimal(new Exact(given).div(unit).toDecimalPlaces(0, mode).times(unit));
  };
}

function text(value: Value): string {
  return typeof value === "string" ? value : "";
}

function count(value: Value, missing: number): number {
  return value === undefined ? missing : Math.max(0, Math.min(100_000, whole(value)));
}

function dayOf(value: Value, env: Env): Day | null {
  if (value instanceof Moment) return value.in(env.zone).day;
  return value instanceof Day ? value : null;
}

function part(place: 0 | 1 | 2): Run {
  return (env, value = null) => {
    const day = dayOf(value, env);
    return day && new Decimal(day.parts[place]);
  };
}

/** Mondays to Fridays from `first` to `last`, both counted; negative backwards. */
export function weekdays(first: Day, last: Day): number {
  if (last.number < first.number) return -weekdays(last, first);
  const days = last.number - first.number + 1;
  let found = Math.floor(days / 7) * 5;
  for (let day = 0; day < days % 7; day++) if ((first.weekday + day) % 7 < 5) found++;
  return found;
}

function contains(whole_: Value, piece: Value): boolean {
  if (isBlank(whole_) || isBlank(piece)) return false;
  if (isList(whole_)) return whole_.some((each) => each !== null && keyOf(each) === keyOf(piece));
  return text(whole_).includes(text(piece));
}

const FUNCTIONS: Record<string, Run> = Object.assign(Object.create(null) as Record<string, Run>, {
  "+": arithmetic((one, other) => one.plus(other)),
  "-": arithmetic((one, other) => one.minus(other)),
  "*": arithmetic((one, other) => one.times(other)),
  "/": arithmetic((one, other) => (other.isZero() ? null : one.div(other))),
  mod: (_env, one = null, other = null) => remainder(one, other),
  MOD: (_env, one = null, other = null) => remainder(one, other),
  later: shift(1),
  earlier: shift(-1),
  between: (_env, last = null, first = null) => between(last, first),
  neg: (_env, value = null) => number(value).negated().plus(0),
  pos: (_env, value = null) => value ?? ZERO,
  percent: (_env, value = null) => number(value).div(HUNDRED),
  "&": (env, one = null, other = null) => textOf(one, env.zone) + textOf(other, env.zone),
  "=": (_env, one = null, other = null) => equal(one, other),
  "<>": (_env, one = null, other = null) => !equal(one, other),
  "<": ordered((order) => order < 0),
  "<=": ordered((order) => order <= 0),
  ">": ordered((order) => order > 0),
  ">=": ordered((order) => order >= 0),
  SUM: (_env, ...values) => added(flat(values)),
  COUNT: (_env, ...values) => new Decimal(flat(values).length),
  MIN: extreme(-1),
  MAX: extreme(1),
  AVERAGE(_env, ...values) {
    const found = flat(values);
    const total = added(found);
    return found.length && total ? total.div(found.length) : null;
  },
  ROUND: rounding(Decimal.ROUND_HALF_UP),
  ROUNDUP: rounding(Decimal.ROUND_UP),
  ROUNDDOWN: rounding(Decimal.ROUND_DOWN),
  ABS: (_env, value = null) => number(value).abs().plus(0),
  NOT: (_env, value = null) => !isTrue(value),
  ISBLANK: (_env, value = null) => isBlank(value),
  LEN: (_env, value = null) => new Decimal([...text(value)].length),
  LEFT: (_env, value = null, length) => [...text(value)].slice(0, count(length as Value, 1)).join(""),
  RIGHT(_env, value = null, length) {
    const signs = [...text(value)];
    return signs.slice(Math.max(0, signs.length - count(length as Value, 1))).join("");
  },
  UPPER: (_env, value = null) => text(value).toUpperCase(),
  LOWER: (_env, value = null) => text(value).toLowerCase(),
  TRIM: (_env, value = null) => text(value).split(" ").filter(Boolean).join(" "),
  CONTAINS: (_env, value = null, piece = null) => contains(value, piece),
  TODAY: (env) => env.now.in(env.zone).day,
  NOW: (env) => env.now,
  DATE: (_env, year = null, month = null, day = null) => Day.of(whole(year), whole(month), whole(day)),
  DAYS: (env, last = null, first = null) => between(dayOf(last, env), dayOf(first, env)),
  WORKDAYS(env, first = null, last = null) {
    const start = dayOf(first, env);
    const end = dayOf(last, env);
    if (!start || !end) return null;
    if (!env.workingDays) throw new Unknown("WORKDAYS");
    return new Decimal(env.workingDays(start, end));
  },
  YEAR: part(0),
  MONTH: part(1),
  DAY: part(2),
} satisfies Record<string, Run>);

