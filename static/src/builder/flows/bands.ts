/** Amount bands: the branches of a route that cut one number into stretches, with their gaps and overlaps.
 *
 * Ends are cuts: a place just below or just above a value. Where a field keeps so many decimals, values between two
 * neighbours do not exist: up to 199.99 and from 200 leave no gap for yuan (as flows/check/lines.py proves it).
 */

import { Decimal } from "decimal.js";
import type { Edit } from "../model/edits";
import { isObject, type Json, type JsonObject, type Path } from "../model/json";
import type { BranchNode, StepNode } from "./tree";

export interface Bound {
  /** As written, a decimal. */
  readonly value: string;
  /** Whether the value belongs to the band. */
  readonly closed: boolean;
}

export interface Band {
  /** The index of the branch in its route. */
  readonly index: number;
  readonly path: Path;
  readonly title: Json | undefined;
  readonly low: Bound | null;
  readonly high: Bound | null;
}

/** What values the field takes. */
export interface Scale {
  readonly field: string;
  /** Decimals that it keeps, `null`: there is always another value between two. */
  readonly places: number | null;
  readonly min: Bound | null;
  readonly max: Bound | null;
}

export interface Bands {
  readonly scale: Scale;
  readonly path: Path;
  /** From the lowest up. */
  readonly bands: readonly Band[];
  /** Index of the branch for a blank field, of the one that is taken otherwise. */
  readonly blank: number | null;
  readonly otherwise: number | null;
  readonly first: boolean;
}

/** Values that no band takes, or two of them (`branches`, by index). */
export interface Fault {
  readonly sort: "gap" | "overlap";
  readonly low: Bound | null;
  readonly high: Bound | null;
  readonly branches: readonly number[];
  /** A value that shows it. */
  readonly example: string;
}

export interface Fix {
  readonly word: "flow_fix_up" | "flow_fix_down" | "flow_fix_cut_low" | "flow_fix_cut_high" | "flow_fix_open";
  /** The branch that changes. */
  readonly branch: number;
  readonly value: string | null;
  readonly edit: Edit;
}

const LOWS = ["gt", "gte"];
const HIGHS = ["lt", "lte"];

// Reading

/** The field over which all branches of a route lie as bands, `null` where they ask for anything else. */
export function fieldOfBands(route: StepNode): string | null {
  const asked = new Set<string>();
  for (const branch of route.branches) {
    if (isOtherwise(branch)) continue;
    const field = soleField(branch.document["when"]);
    if (field === null) return null;
    asked.add(field);
  }
  return asked.size === 1 ? ([...asked][0] ?? null) : null;
}

/** `null` where a branch is no band over the field. */
export function readBands(route: StepNode, scale: Scale): Bands | null {
  const bands: Band[] = [];
  let blank: number | null = null;
  let otherwise: number | null = null;
  for (const branch of route.branches) {
    const index = Number(branch.path.at(-1));
    const found = isOtherwise(branch) ? "otherwise" : rangeOf(branch.document["when"], scale.field);
    if (found === null) return null;
    if (found === "otherwise") otherwise ??= index;
    else if (found === "blank") blank ??= index;
    else bands.push({ index, path: branch.path, title: branch.document["title"], ...found });
  }
  if (bands.length === 0) return null;
  return { scale, path: route.path, bands: inOrder(bands, scale), blank, otherwise, first: route.document["hit"] === "first" };
}

function inOrder(bands: readonly Band[], scale: Scale): Band[] {
  return [...bands].sort((one, other) => order(startOf(one.low, scale), startOf(other.low, scale)));
}

function isOtherwise(branch: BranchNode): boolean {
  return branch.document["otherwise"] === true && branch.document["when"] === undefined;
}

function soleField(when: Json | undefined): string | null {
  if (!isObject(when)) return null;
  const parts = when["all"];
  const fields = Array.isArray(parts) && Object.keys(when).length === 1 ? parts.map(soleField) : Object.keys(when);
  const [first] = fields;
  if (!first || fields.some((field) => field !== first) || ["all", "any", "not"].includes(first)) return null;
  return first;
}

type Range = { low: Bound | null; high: Bound | null };

function rangeOf(when: Json | undefined, field: string): Range | "blank" | null {
  if (!isObject(when) || soleField(when) !== field) return null;
  if (Array.isArray(when["all"])) {
    const parts = when["all"].map((part) => rangeOf(part, field));
    let found: Range = { low: null, high: null };
    for (const part of parts) {
      if (part === null || part === "blank" || (part.low && found.low) || (part.high && found.high)) return null;
      found = { low: part.low ?? found.low, high: part.high ?? found.high };
    }
    return found;
  }
  return rangeOfTest(when[field]);
}

function rangeOfTest(test: Json | undefined): Range | "blank" | null {
  const point = decimalText(test);
  if (point !== null) return { low: { value: point, closed: true }, high: { value: point, closed: true } };
  if (!isObject(test)) return null;
  const operators = Object.keys(test);
  if (operators.length === 1 && test["empty"] === true) return "blank";
  if (operators.length === 1 && test["empty"] === false) return { low: null, high: null };
  if (operators.length === 1 && operators[0] === "eq") return rangeOfTest(test["eq"] ?? null);
  const low = operators.filter((each) => LOWS.includes(each));
  const high = operators.filter((each) => HIGHS.includes(each));
  if (operators.length !== low.length + high.length || low.length > 1 || high.length > 1) return null;
  const bounds = { low: boundOf(test, low[0]), high: boundOf(test, high[0]) };
  return bounds.low === undefined || bounds.high === undefined ? null : { low: bounds.low, high: bounds.high };
}

/** `undefined` where the operand is no number. */
function boundOf(test: JsonObject, operator: string | undefined): Bound | null | undefined {
  if (operator === undefined) return null;
  const value = decimalText(test[operator]);
  return value === null ? undefined : { value, closed: operator.endsWith("e") };
}

/** A number as a decimal text, `null` for anything else. */
export function decimalText(value: Json | undefined): string | null {
  if (typeof value === "number") return Number.isFinite(value) ? new Decimal(value).toFixed() : null;
  return typeof value === "string" && /^[+-]?\d+(\.\d+)?$/.test(value.trim()) ? value.trim() : null;
}

// Cuts

/** Just below (`-1`) or just above (`1`) a value; `null` is without end. */
interface Cut {
  readonly value: Decimal;
  readonly side: -1 | 1;
}
type End = Cut | null;

function startOf(bound: Bound | null, scale: Scale): End {
  return bound && placed({ value: new Decimal(bound.value), side: bound.closed ? -1 : 1 }, scale);
}

function endOf(bound: Bound | null, scale: Scale): End {
  return bound && placed({ value: new Decimal(bound.value), side: bound.closed ? 1 : -1 }, scale);
}

/** On a field with decimals every cut lies just below one of its values. */
function placed(cut: Cut, scale: Scale): Cut {
  if (scale.places === null) return cut;
  const up = cut.value.toDecimalPlaces(scale.places, Decimal.ROUND_CEIL);
  const value = up.equals(cut.value) && cut.side > 0 ? up.plus(unitOf(scale.places)) : up;
  return { value, side: -1 };
}

function unitOf(places: number): Decimal {
  return new Decimal(10).pow(-places);
}

/** Order of starts: nothing is lower than no end. */
function order(one: End, other: End): number {
  if (one === null || other === null) return one === other ? 0 : one === null ? -1 : 1;
  return one.value.comparedTo(other.value) || one.side - other.side;
}

/** Order of ends: nothing is higher than no end. */
function orderOfEnds(one: End, other: End): number {
  if (one === null || other === null) return one === other ? 0 : one === null ? 1 : -1;
  return order(one, other);
}

function isEmpty(start: End, end: End): boolean {
  return start !== null && end !== null && order(start, end) >= 0;
}

/** Whether two cuts are the same place. */
function meets(start: End, end: End): boolean {
  return start !== null && end !== null && order(start, end) === 0;
}

function asStart(cut: End): Bound | null {
  return cut && { value: cut.value.toFixed(), closed: cut.side < 0 };
}

function asEnd(cut: End): Bound | null {
  return cut && { value: cut.value.toFixed(), closed: cut.side > 0 };
}

// Faults

/** What is wrong with the bands, from the lowest up. With a branch for everything else there are no gaps. */
export function faults(read: Bands): readonly Fault[] {
  const overlaps = read.first ? [] : overlapsOf(read);
  const gaps = read.otherwise === null ? gapsOf(read) : [];
  const start = (fault: Fault): End => startOf(fault.low, read.scale);
  return [...overlaps, ...gaps].sort((one, other) => order(start(one), start(other)));
}

/** The stretches that are left for `otherwise`, or that fall through. */
export function gapsOf({ bands, scale }: Bands): Fault[] {
  const found: Fault[] = [];
  let reached: End = startOf(scale.min, scale);
  let below: Band | null = null;
  let endless = false;
  for (const band of bands) {
    const start = startOf(band.low, scale);
    const end = endOf(band.high, scale);
    if (isEmpty(start, end)) continue;
    if (!endless && start !== null && order(reached, start) < 0) {
      found.push(gap(reached, start, [below, band], scale));
    }
    if (end === null) endless = true;
    else if (reached === null || order(end, reached) > 0) {
      reached = end;
      below = band;
    }
  }
  const most = endOf(scale.max, scale);
  if (!endless && (reached === null || most === null || order(reached, most) < 0)) {
    found.push(gap(reached, most, [below, null], scale));
  }
  return found;
}

function gap(start: End, end: End, around: readonly (Band | null)[], scale: Scale): Fault {
  const branches = around.flatMap((band) => (band ? [band.index] : []));
  return { sort: "gap", low: asStart(start), high: asEnd(end), branches, example: exampleIn(start, end, scale) };
}

function overlapsOf({ bands, scale }: Bands): Fault[] {
  const found: Fault[] = [];
  bands.forEach((one, place) => {
    for (const other of bands.slice(place + 1)) {
      const start = later(startOf(one.low, scale), startOf(other.low, scale));
      const end = earlier(endOf(one.high, scale), endOf(other.high, scale));
      if (isEmpty(start, end) || isEmpty(startOf(one.low, scale), endOf(one.high, scale))) continue;
      const example = exampleIn(start, end, scale);
      found.push({ sort: "overlap", low: asStart(start), high: asEnd(end), branches: [one.index, other.index], example });
    }
  });
  return found;
}

function later(one: End, other: End): End {
  return order(one, other) >= 0 ? one : other;
}

function earlier(one: End, other: End): End {
  return orderOfEnds(one, other) <= 0 ? one : other;
}

/** A value between two cuts, with the decimals of the field; a round one at an end if it belongs to it. */
function exampleIn(start: End, end: End, scale: Scale): string {
  return written(valueIn(start, end), scale);
}

function valueIn(start: End, end: End): Decimal {
  if (start !== null && start.side < 0) return start.value;
  if (end !== null && end.side > 0) return end.value;
  if (start !== null && end !== null) return start.value.plus(end.value).div(2);
  if (start !== null) return start.value.plus(1);
  return end !== null ? end.value.minus(1) : new Decimal(0);
}

function written(value: Decimal, scale: Scale): string {
  return scale.places === null ? value.toFixed() : value.toFixed(scale.places);
}

/** The band that takes a value, `null` where none does; the first of several. */
export function bandOf({ bands, scale }: Bands, value: string): Band | null {
  const cut: Cut = placed({ value: new Decimal(value), side: -1 }, { ...scale, places: null });
  return (
    bands.find((band) => {
      const start = startOf(band.low, scale);
      const end = endOf(band.high, scale);
      return (start === null || order(start, cut) <= 0) && (end === null || order(end, cut) > 0);
    }) ?? null
  );
}

// Edits

/** An end of a band moves; the neighbour that began where it ended moves along: one edit.
 *
 * `null` takes the end away: the band goes on without one. Titles that name the old value name the new one.
 */
export function moveBound(read: Bands, band: Band, side: "low" | "high", bound: Bound | null): Edit {
  const { scale } = read;
  const old = side === "low" ? startOf(band.low, scale) : endOf(band.high, scale);
  const edits = [...setBound(read, band, side, bound)];
  if (bound !== null && old !== null) {
    for (const other of read.bands) {
      if (other === band) continue;
      const facing = side === "low" ? endOf(other.high, scale) : startOf(other.low, scale);
      if (!meets(facing, old)) continue;
      const across: Bound = { value: bound.value, closed: !bound.closed };
      edits.push(...setBound(read, other, side === "low" ? "high" : "low", across));
    }
  }
  return { kind: "many", label: "flow_edit_bound", edits };
}

function setBound(read: Bands, band: Band, side: "low" | "high", bound: Bound | null): Edit[] {
  const next = { ...band, [side]: bound };
  const edits: Edit[] = [{ kind: "set", path: [...band.path, "when"], value: whenOf(read.scale.field, next) }];
  const before = band[side];
  if (before !== null && bound !== null) {
    const title = renamed(band.title, before.value, bound.value);
    if (title !== undefined) edits.push({ kind: "set", path: [...band.path, "title"], value: title });
  }
  return edits;
}

/** The condition of a band. */
export function whenOf(field: string, { low, high }: Pick<Band, "low" | "high">): JsonObject {
  if (low && high && low.closed && high.closed && new Decimal(low.value).equals(high.value)) return { [field]: low.value };
  const test: JsonObject = {};
  if (low) test[low.closed ? "gte" : "gt"] = low.value;
  if (high) test[high.closed ? "lte" : "lt"] = high.value;
  return low || high ? { [field]: test } : { [field]: { empty: false } };
}

const NUMBERS = /\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?/g;

/** The title with the old value's number replaced, in the way it was written; `undefined` if it does not name it. */
function renamed(title: Json | undefined, before: string, after: string): Json | undefined {
  if (typeof title === "string") return renamedText(title, before, after);
  if (!isObject(title)) return undefined;
  const texts = Object.entries(title).map(([language, text]): [string, Json] => [
    language,
    (typeof text === "string" && renamedText(text, before, after)) || text,
  ]);
  const next = Object.fromEntries(texts);
  return texts.some(([language, text]) => text !== title[language]) ? next : undefined;
}

function renamedText(text: string, before: string, after: string): string | undefined {
  const old = new Decimal(before);
  const next = text.replace(NUMBERS, (number) =>
    old.equals(number.replaceAll(",", "")) ? grouped(after, number.includes(",") || number.length < 4) : number,
  );
  return next === text ? undefined : next;
}

/** With commas if the old number had them, or was too short to show whether it would. */
function grouped(value: string, commas: boolean): string {
  const [whole = "", rest] = new Decimal(value).toFixed().split(".");
  const shown = commas ? whole.replace(/\B(?=(\d{3})+$)/g, ",") : whole;
  return rest ? `${shown}.${rest}` : shown;
}

/** Ways out of a fault, best first: those after which it is gone and nothing else is worse. */
export function fixes(read: Bands, fault: Fault): readonly Fix[] {
  const before = faults(read).length;
  const tried = fault.sort === "gap" ? closing(read, fault) : cutting(read, fault);
  return tried
    .map((each) => ({ ...each, left: faults(withBand(read, each.band, each.side, each.bound)).length }))
    .filter((each) => each.left < before && !isNone(read, each.band, each.side, each.bound))
    .sort((one, other) => one.left - other.left)
    .slice(0, 3)
    .map(({ word, band, side, bound }) => ({
      word,
      branch: band.index,
      value: bound?.value ?? null,
      edit: { kind: "many", label: "flow_edit_fix", edits: setBound(read, band, side, bound) },
    }));
}

interface Trial {
  readonly word: Fix["word"];
  readonly band: Band;
  readonly side: "low" | "high";
  readonly bound: Bound | null;
}

function closing(read: Bands, fault: Fault): Trial[] {
  const { scale } = read;
  const start = startOf(fault.low, scale);
  const end = endOf(fault.high, scale);
  const found: Trial[] = [];
  const outer = end === null || (scale.max !== null && meets(end, endOf(scale.max, scale)));
  const inner = start === null || (scale.min !== null && meets(start, startOf(scale.min, scale)));
  for (const band of read.bands) {
    if (meets(endOf(band.high, scale), start)) {
      found.push({ word: outer ? "flow_fix_open" : "flow_fix_up", band, side: "high", bound: outer ? null : across(read, end, "high") });
    }
    if (meets(startOf(band.low, scale), end)) {
      found.push({ word: inner ? "flow_fix_open" : "flow_fix_down", band, side: "low", bound: inner ? null : across(read, start, "low") });
    }
  }
  return found;
}

function cutting(read: Bands, fault: Fault): Trial[] {
  const { scale } = read;
  const start = startOf(fault.low, scale);
  const end = endOf(fault.high, scale);
  return read.bands
    .filter((band) => fault.branches.includes(band.index))
    .flatMap((band): Trial[] => [
      ...(start === null ? [] : [{ word: "flow_fix_cut_high" as const, band, side: "high" as const, bound: across(read, start, "high") }]),
      ...(end === null ? [] : [{ word: "flow_fix_cut_low" as const, band, side: "low" as const, bound: across(read, end, "low") }]),
    ]);
}

/** The bound at a cut, as the end or the start of a band; written as the band across it is, where there is one. */
function across(read: Bands, cut: End, side: "low" | "high"): Bound | null {
  for (const band of read.bands) {
    const facing = side === "high" ? band.low : band.high;
    const place = side === "high" ? startOf(band.low, read.scale) : endOf(band.high, read.scale);
    if (facing !== null && meets(place, cut)) return { value: facing.value, closed: !facing.closed };
  }
  return side === "high" ? asEnd(cut) : asStart(cut);
}

function withBand(read: Bands, band: Band, side: "low" | "high", bound: Bound | null): Bands {
  return { ...read, bands: inOrder(read.bands.map((each) => (each === band ? { ...each, [side]: bound } : each)), read.scale) };
}

function isNone(read: Bands, band: Band, side: "low" | "high", bound: Bound | null): boolean {
  const next = { ...band, [side]: bound };
  return isEmpty(startOf(next.low, read.scale), endOf(next.high, read.scale));
}

/** Whether a value can split a band: there is something of it on both sides. */
export function splits(read: Bands, band: Band, value: string): boolean {
  const cut = placed({ value: new Decimal(value), side: -1 }, read.scale);
  return !isEmpty(startOf(band.low, read.scale), cut) && !isEmpty(cut, endOf(band.high, read.scale))
    && !meets(startOf(band.low, read.scale), cut);
}

/** The band ends below `value`, and `branch` (without its condition) takes what was above it. */
export function splitBand(read: Bands, band: Band, value: string, branch: JsonObject, titles: TitlesOfSplit): Edit {
  const { field } = read.scale;
  const lower = { low: band.low, high: { value, closed: false } };
  const upper = { low: { value, closed: true }, high: band.high };
  const edits: Edit[] = [{ kind: "set", path: [...band.path, "when"], value: whenOf(field, lower) }];
  if (titles.lower !== undefined) edits.push({ kind: "set", path: [...band.path, "title"], value: titles.lower });
  const made: JsonObject = { ...branch, title: titles.upper, when: whenOf(field, upper) };
  edits.push({ kind: "insert", path: [...read.path, "branches", band.index + 1], value: ordered(made) });
  return { kind: "many", label: "flow_edit_split", edits };
}

export interface TitlesOfSplit {
  /** `undefined` leaves it as it is. */
  readonly lower: Json | undefined;
  readonly upper: Json;
}

const ORDER = ["id", "title", "when", "otherwise", "steps"];

/** Keys in the order in which definitions are written. */
function ordered(branch: JsonObject): JsonObject {
  const rank = (key: string): number => (ORDER.includes(key) ? ORDER.indexOf(key) : ORDER.length);
  return Object.fromEntries(Object.entries(branch).sort(([one], [other]) => rank(one) - rank(other)));
}

/** The band goes, and the one `into` takes its values (`null`: nobody does). */
export function removeBand(read: Bands, band: Band, into: Band | null): Edit {
  const edits: Edit[] = [];
  if (into !== null) {
    const below = read.bands.indexOf(into) < read.bands.indexOf(band);
    edits.push(...setBound(read, into, below ? "high" : "low", below ? band.high : band.low));
  }
  edits.push({ kind: "remove", path: band.path });
  return { kind: "many", label: "flow_edit_band_removed", edits };
}

// The number line

export interface Mark {
  readonly value: string;
  /** 0 to 1. */
  readonly place: number;
}

/** Where the values at which something begins or ends stand on the line: in order, wide enough apart to be told.
 *
 * `ends` says whether the line ends at the lowest and the highest of them.
 */
export function marks(values: readonly string[], ends: { low: boolean; high: boolean } = { low: false, high: false }): readonly Mark[] {
  const sorted = [...new Map(values.map((value) => [new Decimal(value).toFixed(), new Decimal(value)])).values()].sort((a, b) => a.comparedTo(b));
  const steps = sorted.map((value, index) => {
    const before = sorted[index - 1];
    if (before === undefined) return ends.low ? 0 : OUTSIDE;
    return 1 + Math.log10(1 + value.minus(before).toNumber()) / 3;
  });
  const total = steps.reduce((sum, step) => sum + step, ends.high ? 0 : OUTSIDE) || 1;
  let place = 0;
  return sorted.map((value, index) => {
    place += (steps[index] ?? 1) / total;
    return { value: value.toFixed(), place };
  });
}

/** How wide what lies beyond all marks is, beside a stretch between two neighbours. */
const OUTSIDE = 1.6;
