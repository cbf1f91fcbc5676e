/** Lengths of time: ISO 8601 in the document (`PT4H`), words and numbers with a unit for people (`4 h`). */

import { t } from "../words";

export const UNITS = ["minutes", "hours", "days", "weeks"] as const;
export type Unit = (typeof UNITS)[number];

/** `sign` is -1 before a moment. Weeks and days are kept apart: on a calendar a day is no number of hours. */
export interface Duration {
  readonly sign: 1 | -1;
  readonly weeks: number;
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

const ISO =
  /^([+-])?P(?:(\d{1,4})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9}(?:\.\d{1,6})?)S)?)?$/;
const LETTERS: Readonly<Record<Unit, string>> = { minutes: "M", hours: "H", days: "D", weeks: "W" };
const NOTHING: Duration = { sign: 1, weeks: 0, days: 0, hours: 0, minutes: 0, seconds: 0 };

/** `null` for what is no duration (platform/durations.py reads the same). */
export function readDuration(iso: unknown): Duration | null {
  const found = typeof iso === "string" && !/[PT]$/.test(iso) ? ISO.exec(iso) : null;
  if (found === null) return null;
  const [, sign, weeks, days, hours, minutes, seconds] = found;
  const number = (part: string | undefined): number => Number(part ?? 0);
  return {
    sign: sign === "-" ? -1 : 1,
    weeks: number(weeks), days: number(days), hours: number(hours), minutes: number(minutes), seconds: number(seconds),
  };
}

export function isZero(duration: Duration): boolean {
  return !(duration.weeks || duration.days || duration.hours || duration.minutes || duration.seconds);
}

export function iso(amount: number, unit: Unit, sign: 1 | -1 = 1): string {
  const minus = sign < 0 && amount !== 0 ? "-" : "";
  const time = unit === "hours" || unit === "minutes";
  return amount === 0 ? "PT0S" : `${minus}P${time ? "T" : ""}${amount}${LETTERS[unit]}`;
}

/** One number with one unit, `null` where that cannot say the same: days and hours are no whole of each other. */
export function single(duration: Duration): { amount: number; unit: Unit } | null {
  const { weeks, days, hours, minutes, seconds } = duration;
  if (seconds) return null;
  const minutesOnly = hours * 60 + minutes;
  if (weeks && !days && !minutesOnly) return { amount: weeks, unit: "weeks" };
  if ((weeks || days) && !minutesOnly) return { amount: weeks * 7 + days, unit: "days" };
  if (weeks || days) return null;
  if (minutesOnly && minutesOnly % 60 === 0) return { amount: minutesOnly / 60, unit: "hours" };
  return { amount: minutesOnly, unit: "minutes" };
}

/** `4 h`, `1 d 4 h`; what is no duration as it is written. */
export function inWords(value: unknown): string {
  const duration = readDuration(value);
  if (duration === null) return String(value ?? "");
  const parts = (["weeks", "days", "hours", "minutes", "seconds"] as const)
    .filter((unit) => duration[unit] !== 0)
    .map((unit) => t(`flow_n_${unit}`, { n: duration[unit] }));
  return parts.length ? parts.join(" ") : t("flow_n_minutes", { n: 0 });
}

/** Of a reminder: `1 h before`, `at the deadline`, `4 h after`. */
export function offsetInWords(value: unknown): string {
  const duration = readDuration(value);
  if (duration === null) return String(value ?? "");
  if (isZero(duration)) return t("flow_at_deadline");
  const length = inWords(String(value).replace(/^[+-]/, ""));
  return t(duration.sign < 0 ? "flow_before_deadline" : "flow_after_deadline", { length });
}

const SPOKEN: readonly (readonly [Unit, RegExp])[] = [
  ["weeks", /^(w|wk|wks|week|weeks|周|星期)$/],
  ["days", /^(d|day|days|天|日|工作日)$/],
  ["hours", /^(h|hr|hrs|hour|hours|小时|时|钟头)$/],
  ["minutes", /^(m|min|mins|minute|minutes|分|分钟)$/],
];

/** The ISO text of what somebody typed: `4 h`, `1 day 4 hours`, `30分钟`, `1.5 h`, `PT4H`; `null` if it says no length. */
export function spoken(typed: string): string | null {
  const words = typed.trim();
  if (readDuration(words.toUpperCase()) !== null) return words.toUpperCase();
  const parts = [...words.toLowerCase().matchAll(/(\d+(?:[.,]\d+)?)\s*([\p{L}]+)/gu)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== words.toLowerCase().replace(/(?<=\p{L})\s+(?=\d)/gu, "")) return null;
  let found = NOTHING;
  for (const [, number, word] of parts) {
    const unit = SPOKEN.find(([, spelling]) => spelling.test(word ?? ""))?.[0];
    if (unit === undefined) return null;
    const more = plus(found, Number((number ?? "").replace(",", ".")), unit);
    if (more === null) return null;
    found = more;
  }
  return write(found);
}

function plus(duration: Duration, amount: number, unit: Unit): Duration | null {
  if (Number.isInteger(amount)) return { ...duration, [unit]: duration[unit] + amount };
  if (unit !== "hours" || !Number.isInteger(Math.round(amount * 60 * 1000) / 1000)) return null;
  const minutes = Math.round(amount * 60);
  return { ...duration, hours: duration.hours + Math.floor(minutes / 60), minutes: duration.minutes + (minutes % 60) };
}

function write({ sign, weeks, days, hours, minutes, seconds }: Duration): string {
  const part = (amount: number, letter: string): string => (amount ? `${amount}${letter}` : "");
  const date = part(weeks, "W") + part(days, "D");
  const time = part(hours, "H") + part(minutes, "M") + part(seconds, "S");
  return date || time ? `${sign < 0 ? "-" : ""}P${date}${time && `T${time}`}` : "PT0S";
}

/** Minutes, to compare and to sort; a day counts as `day` minutes. */
export function minutesOf(duration: Duration, day = 1440): number {
  const { sign, weeks, days, hours, minutes, seconds } = duration;
  return sign * ((weeks * 7 + days) * day + hours * 60 + minutes + seconds / 60);
}
