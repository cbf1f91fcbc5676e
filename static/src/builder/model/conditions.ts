/** Conditions as rows: what a person sees of the JSON, and the JSON of what they changed. What is not known stays as it is. */

import { isObject, type Json, type JsonObject } from "./json";

export const OPERATORS = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "contains", "starts_with", "empty"] as const;
export type Op = (typeof OPERATORS)[number];

export type Node =
  | { readonly kind: "group"; readonly every: boolean; readonly parts: readonly Node[] }
  | { readonly kind: "not"; readonly part: Node }
  | { readonly kind: "row"; readonly field: string; readonly op: Op; readonly operand: Json }
  /** Of the rows of a table: `every` or any. */
  | { readonly kind: "rows"; readonly table: string; readonly every: boolean; readonly part: Node }
  | { readonly kind: "raw"; readonly json: Json };

export type Row = Extract<Node, { kind: "row" }>;
export type Group = Extract<Node, { kind: "group" }>;

/** The condition as rows; one without any holds always. */
export function readCondition(json: Json | undefined): Node {
  if (json === undefined) return { kind: "group", every: true, parts: [] };
  if (!isObject(json)) return { kind: "raw", json };
  for (const word of ["all", "any", "not"] as const) if (Object.hasOwn(json, word)) return worded(word, json);
  const parts = Object.entries(json).flatMap(([field, test]) => tests(field, test));
  return parts.length === 1 ? (parts[0] as Node) : { kind: "group", every: true, parts };
}

/** The same, always a group at the top, so that there is a place to add to. */
export function readGroup(json: Json | undefined): Group {
  const node = readCondition(json);
  return node.kind === "group" ? node : { kind: "group", every: true, parts: [node] };
}

/** The JSON of what rows say, `undefined` for none; as short as the definition allows. */
export function writeCondition(node: Node): JsonObject | Json | undefined {
  switch (node.kind) {
    case "raw":
      return node.json;
    case "row":
      return { [node.field]: test(node) };
    case "rows":
      return { [node.table]: { [node.every ? "all" : "any"]: writeCondition(node.part) ?? {} } };
    case "not":
      return { not: writeCondition(node.part) ?? {} };
    case "group":
      return group(node);
  }
}

function worded(word: "all" | "any" | "not", json: JsonObject): Node {
  const operand = json[word];
  if (Object.keys(json).length > 1 || operand === undefined) return { kind: "raw", json };
  if (word === "not") return { kind: "not", part: readCondition(operand) };
  if (!Array.isArray(operand)) return { kind: "raw", json };
  return { kind: "group", every: word === "all", parts: operand.map(readCondition) };
}

function tests(field: string, json: Json): Node[] {
  if (Array.isArray(json)) return [{ kind: "row", field, op: "in", operand: json }];
  if (!isObject(json) || isReference(json)) return [{ kind: "row", field, op: "eq", operand: json }];
  const entries = Object.entries(json);
  const [only] = entries;
  if (entries.length === 1 && only && (only[0] === "any" || only[0] === "all")) {
    return [{ kind: "rows", table: field, every: only[0] === "all", part: readCondition(only[1]) }];
  }
  const known = entries.length > 0 && entries.every(([op]) => (OPERATORS as readonly string[]).includes(op));
  if (!known) return [{ kind: "raw", json: { [field]: json } }];
  return entries.map(([op, operand]) => ({ kind: "row", field, op: op as Op, operand }));
}

export function isReference(json: Json): json is { field: string } {
  return isObject(json) && Object.keys(json).length === 1 && typeof json["field"] === "string";
}

function test({ op, operand }: Row): Json {
  const plain = op === "eq" ? !isObject(operand) || isReference(operand) : op === "in" && Array.isArray(operand);
  const isList = op === "eq" && Array.isArray(operand);
  return plain && !isList ? operand : { [op]: operand };
}

function group({ every, parts }: Group): Json | undefined {
  if (parts.length === 0) return undefined;
  if (every) {
    const together = merged(parts);
    if (together) return together;
  }
  const [only] = parts;
  if (parts.length === 1 && only && every) return writeCondition(only);
  return { [every ? "all" : "any"]: parts.map((part) => writeCondition(part) ?? {}) };
}

/** Rows in one object, `null` where two of them would stand in the same place. */
function merged(parts: readonly Node[]): JsonObject | null {
  const found: JsonObject = {};
  for (const part of parts) {
    if (part.kind === "rows") {
      if (Object.hasOwn(found, part.table)) return null;
      Object.assign(found, writeCondition(part));
    } else if (part.kind === "row") {
      if (part.field === "all" || part.field === "any" || part.field === "not") return null;
      const before = found[part.field];
      if (before === undefined) found[part.field] = test(part);
      else {
        const both = beside(before, part);
        if (!both) return null;
        found[part.field] = both;
      }
    } else return null;
  }
  return found;
}

function beside(before: Json, row: Row): JsonObject | null {
  const operators: JsonObject = Array.isArray(before) ? { in: before } : !isObject(before) || isReference(before) ? { eq: before } : before;
  if ("any" in operators || "all" in operators || Object.hasOwn(operators, row.op)) return null;
  return { ...operators, [row.op]: row.operand };
}

const SAME: readonly Op[] = ["eq", "ne", "in", "not_in", "empty"];
const ORDERED: readonly Op[] = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "empty"];
const BY_SORT: Readonly<Record<string, readonly Op[]>> = {
  text: ["eq", "ne", "contains", "starts_with", "in", "not_in", "empty"],
  number: ORDERED,
  date: ORDERED,
  datetime: ORDERED,
  time: ORDERED,
  boolean: ["eq", "ne", "empty"],
  choice: SAME,
  choices: ["contains", "eq", "ne", "in", "not_in", "empty"],
  reference: SAME,
  files: ["empty"],
  table: ["empty"],
  json: ["empty"],
};

/** What can be asked of a field of that sort, as `forms/conditions/operands.py` has it. */
export function operatorsOf(sort: string): readonly Op[] {
  return BY_SORT[sort] ?? OPERATORS;
}
