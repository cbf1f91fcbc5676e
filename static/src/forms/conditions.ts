/** Asking a condition, as `forms/conditions/evaluate.py` does; golden cases and a fuzz hold the two together. */

import { compare, isBlank, isList, keyOf, Parts, read, type Typed, type Value, type Values } from "./values";

export type Op = "eq" | "ne" | "gt" | "gte" | "lt" | "lte" | "in" | "not_in" | "contains" | "starts_with" | "empty";

/** The tree as Python writes it (`conditions.to_json`). */
export type Condition =
  | { test: string; op: Op; operand: Typed | { field: string } }
  | { all: Condition[] }
  | { any: Condition[] }
  | { not: Condition }
  | { rows: string; every: boolean; part: Condition };

/** Whether the condition holds.
 *
 * @throws Unknown if it depends on what only the server knows.
 */
export function holds(condition: Condition, values: Values): boolean {
  if ("all" in condition) return condition.all.every((part) => holds(part, values));
  if ("any" in condition) return condition.any.some((part) => holds(part, values));
  if ("not" in condition) return !holds(condition.not, values);
  if ("rows" in condition) return holdsOfRows(condition, values);
  const value = values.get(condition.test);
  if (condition.operand !== null && "field" in condition.operand) return againstField(condition.op, value, values.get(condition.operand.field));
  return test(condition.op, value, read(condition.operand));
}

function holdsOfRows({ rows: table, every, part }: { rows: string; every: boolean; part: Condition }, values: Values): boolean {
  const rows = values.get(table);
  if (!isList(rows) || rows.length === 0) return false;
  const asked = (row: Value): boolean => holds(part, new Row(row as Values, values));
  return every ? rows.every(asked) : rows.some(asked);
}

/** Columns of a row first, then the fields of the form. */
class Row implements Values {
  constructor(
    private readonly row: Values,
    private readonly values: Values,
  ) {}

  get(key: string): Value {
    return this.row.get(key) ?? this.values.get(key);
  }
}

function test(op: Op, value: Value, operand: Value): boolean {
  switch (op) {
    case "empty":
      return isBlank(value) === operand;
    case "eq":
      return among(value, [operand], true);
    case "ne":
      return among(value, [operand], false);
    case "in":
      return among(value, operand as readonly Value[], true);
    case "not_in":
      return among(value, operand as readonly Value[], false);
    default:
      return value !== null && compared(op, value, operand);
  }
}

function among(value: Value, operands: readonly Value[], wanted: boolean): boolean {
  if (value === null) return !wanted;
  const known = new Set(operands.map(keyOf));
  const met = isList(value) ? value.some((each) => known.has(keyOf(each))) : known.has(keyOf(value));
  return met === wanted;
}

function compared(op: Op, value: Value, operand: Value): boolean {
  if (op === "contains") {
    if (typeof value === "string") return typeof operand === "string" && value.includes(operand);
    if (value instanceof Parts) return typeof operand === "string" && value.keys.has(operand);
    return isList(value) && value.some((each) => keyOf(each) === keyOf(operand));
  }
  if (op === "starts_with") return typeof value === "string" && typeof operand === "string" && value.startsWith(operand);
  const order = compare(value, operand);
  if (order === null) return false;
  if (op === "gt") return order > 0;
  if (op === "gte") return order >= 0;
  return op === "lt" ? order < 0 : order <= 0;
}

function againstField(op: Op, value: Value, other: Value): boolean {
  if (op === "eq" || op === "in") return meet(value, other);
  if (op === "ne" || op === "not_in") return !meet(value, other);
  return !isBlank(value) && !isBlank(other) && compared(op, value, other);
}

/** Both are there, and some value of one is some value of the other. */
function meet(value: Value, other: Value): boolean {
  if (isBlank(value) || isBlank(other)) return false;
  const others = new Set((isList(other) ? other : [other]).map(keyOf));
  return (isList(value) ? value : [value]).some((one) => others.has(keyOf(one)));
}

