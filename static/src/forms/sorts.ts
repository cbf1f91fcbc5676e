/** Sorts of fields on a page: what their inputs mean, what stands in them, and how their values are shown. */

import { clock, Day, Decimal, isNumber, Moment, type Num, Other, Time, Unknown, type Value } from "./values";

/** A field or column as `forms/following.py` writes it. */
export interface Field {
  type: string;
  base: string;
  required: boolean;
  label?: string;
  places?: number;
  min?: string;
  max?: string;
  /** The server checks more of it than is known here. */
  checked?: boolean;
  sign?: string;
  unit?: string;
  choices?: [value: string, label: string][];
  /** Lookups that fill it. */
  filled?: string[];
  /** `read`, `edit` or `required` where not all may be edited. */
  right?: string;
  total?: boolean;
  /** Of a field made of others, how each is kept. */
  parts?: Record<string, string>;
}

/** Zones of the form's clock and of the times that the page shows, and its language. */
export interface Place {
  zone: string;
  shown: string;
  language: string;
}

const LIMIT = new Decimal("1e18");
const PLAIN = /^[+-]?(?:0*(\d{1,18})(?:\.\d{0,10})?|\.\d{1,10})$/;
const WHOLE = /^[+-]?0*\d{1,18}$/;
const UNPRINTABLE = /[\p{C}]|(?! )\p{Z}/u;
const PLAINLY_TEXT = new Set(["text", "long_text", "email", "phone", "url"]);

/** What somebody typed, as a value; null is blank, or nothing that the field takes. */
export function readInput(field: Field, texts: readonly string[], place: Place): Value {
  const text = (texts.at(-1) ?? "").trim();
  switch (field.base) {
    case "number":
      return readNumber(field, text);
    case "choices": {
      const chosen = (field.choices ?? []).map(([value]) => value).filter((value) => texts.includes(value));
      return chosen.length ? chosen : null;
    }
    case "files": {
      const ids = texts.filter(Boolean);
      return ids.length ? ids : null;
    }
    case "json":
    case "table":
      return texts.some((each) => each.trim()) ? new Other() : null;
    case "boolean":
      return text === "" ? null : text === "true";
    case "date":
      return Day.read(text);
    case "datetime":
      return readMoment(text, place.shown);
    case "time":
      return Time.read(text);
    default:
      return readText(field, text);
  }
}

function readText(field: Field, typed: string): string | null {
  const text = normal(field, typed);
  return text === "" || (field.base === "text" && [...text].length > Number(field.max ?? Infinity)) ? null : text;
}

function readNumber(field: Field, typed: string): Num | null {
  let text = typed.replace(/[０-９．＋－]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0));
  if (field.type === "percent") text = text.replace(/[%％]$/, "").trim();
  const isWhole = field.type === "integer" || field.type === "rating";
  if (!(isWhole ? WHOLE : PLAIN).test(text)) return null;
  const value = new Decimal(text);
  return value.decimalPlaces() > (field.places ?? 0) || !isWithin(field, value) ? null : value;
}

function isWithin(field: Field, value: Num): boolean {
  return (field.min === undefined || value.gte(field.min)) && (field.max === undefined || value.lte(field.max));
}

function readMoment(text: string, zone: string): Moment | null {
  const [day, time] = text.split("T");
  const found = Day.read(day ?? "");
  const seconds = Time.read(time ?? "");
  return found && seconds ? Moment.on(found, seconds.seconds, zone) : null;
}

/** The one way in which a text is kept. */
function normal(field: Field, text: string): string {
  if (!UNPRINTABLE.test(text) || field.type !== "text") return text.replace(/\r\n?/g, "\n");
  return text.split(/\s+/).filter(Boolean).join(" ");
}

/** A computed value as the field keeps it; null if it does not fit.
 *
 * @throws Unknown where the server checks more of it than is known here.
 */
export function fitted(field: Field, value: Value): Value {
  if (value === null || value === "") return null;
  switch (field.base) {
    case "number":
      return isNumber(value) ? fittedNumber(field, value) : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      if (field.checked || !(value instanceof Day)) throw new Unknown();
      return value;
    case "datetime":
    case "time":
      return value;
    case "choice":
      if (typeof value === "string" && field.choices?.some(([known]) => known === value)) return value;
      throw new Unknown();
    case "text":
      return fittedText(field, value);
    default:
      throw new Unknown();
  }
}

function fittedNumber(field: Field, value: Num): Num | null {
  if (value.abs().gte(LIMIT)) return null;
  const rounded = value.toDecimalPlaces(field.places ?? 0, Decimal.ROUND_HALF_UP);
  return isWithin(field, rounded) ? rounded : null;
}

function fittedText(field: Field, value: Value): Value {
  if (typeof value !== "string" || field.checked || (field.type !== "text" && field.type !== "long_text")) throw new Unknown();
  const text = normal(field, value.trim());
  return text === "" || [...text].length > Number(field.max ?? Infinity) ? null : text;
}

/** What stands in the input of a value. */
export function wire(field: Field, value: Value, place: Place): string | string[] {
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (isNumber(value)) return field.type === "money" ? value.toFixed(field.places ?? 0) : value.toFixed();
  if (value instanceof Moment) {
    const { day, minutes } = value.in(place.shown);
    return `${day.toString()}T${clock(minutes)}`;
  }
  if (value instanceof Time) return clock(Math.floor(value.seconds / 60));
  return Array.isArray(value) ? value.map(String) : String(value);
}

/** The value as people read it.
 *
 * @throws Unknown where only the server can say.
 */
export function shown(field: Field, value: Value, place: Place): string {
  if (value === null) return "";
  const isChinese = place.language === "zh";
  if (isNumber(value)) return shownNumber(field, value);
  if (typeof value === "boolean") return isChinese ? (value ? "是" : "否") : value ? "Yes" : "No";
  if (value instanceof Day) return shownDay(value, isChinese);
  if (value instanceof Moment) {
    const { day, minutes } = value.in(place.shown);
    return `${day.toString()} ${clock(minutes)}`;
  }
  if (value instanceof Time) return value.seconds % 60 ? value.toString() : clock(value.seconds / 60);
  if (typeof value !== "string") throw new Unknown();
  if (field.base === "choice") return field.choices?.find(([known]) => known === value)?.[1] ?? value;
  if (!PLAINLY_TEXT.has(field.type)) throw new Unknown();
  return value;
}

function shownNumber(field: Field, value: Num): string {
  switch (field.type) {
    case "money":
      return `${value.isNegative() && !value.isZero() ? "−" : ""}${field.sign ?? ""}${grouped(value.abs().toFixed(Math.max(field.places ?? 0, value.decimalPlaces())))}`;
    case "number":
    case "integer":
      return `${grouped(value.toFixed()).replace("-", "−")} ${field.unit ?? ""}`.trim();
    case "percent":
      return `${value.toFixed()}%`;
    case "rating":
      return `${value.toFixed()}/${field.max ?? ""}`;
    default:
      throw new Unknown();
  }
}

function grouped(digits: string): string {
  const [whole, rest] = digits.split(".");
  const separated = (whole ?? "").replace(/\B(?=(\d{3})+$)/g, ",");
  return rest === undefined ? separated : `${separated}.${rest}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function shownDay(value: Day, isChinese: boolean): string {
  const [year, month, day] = value.parts;
  const full = String(year).padStart(4, "0");
  return isChinese ? `${full}年${month}月${day}日` : `${day} ${MONTHS[month - 1] ?? ""} ${full}`;
}
