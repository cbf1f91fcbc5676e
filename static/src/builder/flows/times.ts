/** How long a request may take: the shortest and the longest way if each step takes all of its time (flows/check/deadlines.py). */

import { isObject, type Json } from "../model/json";
import { minutesOf, readDuration } from "./durations";
import { isForPeople, type StepNode } from "./tree";

/** Minutes of working time; a working day is `DAY` of them, and what counts around the clock is taken as it is. */
export interface Length {
  readonly shortest: number;
  readonly longest: number;
  /** Steps without a deadline: they have no longest. */
  readonly open: readonly StepNode[];
}

export const DAY = 480;
const NOTHING: Length = { shortest: 0, longest: 0, open: [] };

export function lengthOf(steps: readonly StepNode[]): Length {
  let found = NOTHING;
  for (const step of steps) {
    const each = ofStep(step);
    found = { shortest: found.shortest + each.shortest, longest: found.longest + each.longest, open: [...found.open, ...each.open] };
    if (step.kind === "auto" && step.document["verdict"] === "reject") break;
  }
  return found;
}

function ofStep(step: StepNode): Length {
  if (step.branches.length > 0) return ofBranches(step);
  if (isForPeople(step)) {
    const due = step.document["due"];
    const within = isObject(due) ? minutes(due["in"]) : null;
    return within === null ? { ...NOTHING, open: [step] } : { shortest: within, longest: within, open: [] };
  }
  if (step.kind !== "wait") return NOTHING;
  const forEvent = step.document["event"] !== undefined;
  const waited = minutes(forEvent ? step.document["limit"] : step.document["for"]);
  if (waited === null) return { ...NOTHING, open: [step] };
  return { shortest: forEvent ? 0 : waited, longest: waited, open: [] };
}

function ofBranches(step: StepNode): Length {
  const found = step.branches.map((branch) => lengthOf(branch.steps));
  const shortest = found.map((each) => each.shortest);
  const longest = found.map((each) => each.longest);
  const open = found.flatMap((each) => each.open);
  if (step.kind === "route") return { shortest: Math.min(...shortest), longest: Math.max(...longest), open };
  const all = step.document["join"] !== "any";
  return { shortest: all ? Math.max(...shortest) : Math.min(...shortest), longest: all ? Math.max(...longest) : Math.min(...longest), open };
}

function minutes(value: Json | undefined): number | null {
  const duration = readDuration(value);
  return duration && minutesOf(duration, DAY);
}

/** Minutes as the two largest of working days, hours and minutes. */
export function parts(total: number): { days: number; hours: number; minutes: number } {
  const days = Math.floor(total / DAY);
  const rest = total - days * DAY;
  const hours = Math.floor(rest / 60);
  return { days, hours, minutes: days > 0 ? 0 : Math.round(rest - hours * 60) };
}
