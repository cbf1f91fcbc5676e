/** How long a request may take, in the words of working time; the server says how long (flows/check/deadlines.py). */

import { t } from "../words";

/** A working day in minutes, where no calendar says it. */
export const DAY = 480;

/** Minutes as the two largest of working days, hours and minutes. */
export function parts(total: number, day = DAY): { days: number; hours: number; minutes: number } {
  const days = Math.floor(total / day);
  const rest = total - days * day;
  const hours = Math.floor(rest / 60);
  return { days, hours, minutes: days > 0 ? 0 : Math.round(rest - hours * 60) };
}

export function lengthInWords(total: number, day = DAY): string {
  const { days, hours, minutes } = parts(total, day);
  const found = [
    days > 0 ? t("flow_n_days", { n: days }) : "",
    hours > 0 ? t("flow_n_hours", { n: hours }) : "",
    minutes > 0 || total === 0 ? t("flow_n_minutes", { n: minutes }) : "",
  ];
  return found.filter(Boolean).join(" ");
}

/** The shortest and the longest way of a flow, in minutes of working time. */
export interface Length {
  readonly shortest: number;
  readonly longest: number;
  /** A working day. */
  readonly day: number;
  /** Ids of steps without a deadline: they have no longest. */
  readonly open_ended: readonly string[];
}

export function takes({ shortest, longest, day }: Length): string {
  if (longest === 0) return t("flow_takes_nothing");
  if (shortest === longest) return t("flow_takes", { length: lengthInWords(longest, day) });
  return t("flow_takes_between", { shortest: lengthInWords(shortest, day), longest: lengthInWords(longest, day) });
}
