/** A request that is tried: what it says, which way it goes, and the test cases that were made of such. */

import type { Problem } from "../model/boot";
import { isObject, type JsonObject } from "../model/json";
import type { Builder } from "../model/store";
import type { Typed } from "../shared/PreviewFrame.vue";

export interface TriedStep {
  readonly id: string;
  readonly kind: string;
  readonly people: readonly string[];
  readonly names: readonly string[];
  readonly pool: string | null;
  readonly due: string | null;
  readonly why: string | null;
  readonly skipped: string | null;
}

export interface TriedRoute {
  readonly outcome: string;
  readonly steps: readonly TriedStep[];
  readonly problems: readonly { readonly path: string; readonly message: string; readonly severity?: string }[];
  /** Minutes of working time, if everybody takes all of theirs. */
  readonly takes: number | null;
}

/** What the server says of what is filled in the frame; see `flows/trying.py`. */
export interface Tried {
  readonly values: JsonObject;
  readonly by_hand: JsonObject;
  readonly problems: readonly Problem[];
  /** Why the draft of the flow cannot be tried; then there is no route. */
  readonly refused: readonly Problem[];
  readonly route: TriedRoute | null;
}

/** What became of a test case. */
export interface Result {
  readonly name: string;
  readonly ok: boolean;
  readonly outcome: string;
  readonly route: readonly string[];
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}

/** What stays while one looks at another view. */
export interface Kept {
  by: string;
  typed: Typed;
  byHand: JsonObject;
  /** The name of the case that was opened, `""` for a new one. */
  opened: string;
}

const kept = new WeakMap<Builder, Kept>();

export function keptOf(builder: Builder): Kept {
  const found = kept.get(builder) ?? { by: likely(builder), typed: [], byHand: {}, opened: "" };
  kept.set(builder, found);
  return found;
}

/** Somebody who has a manager, as most who ask have, and does not administer. */
function likely({ boot }: Builder): string {
  const { people, roles } = boot.catalogue;
  const admins = roles.find((each) => each.key === "admin")?.members ?? [];
  return people.find((each) => each.active && each.manager && !admins.includes(each.key))?.key ?? boot.me.key;
}

export function isAsked(step: TriedStep): boolean {
  return (step.kind === "approve" || step.kind === "work") && step.skipped === null;
}

export function casesOf(document: JsonObject): readonly JsonObject[] {
  const found = document["cases"];
  return Array.isArray(found) ? found.filter(isObject) : [];
}

/** A test case that expects what just happened. */
export function caseOf(name: string, by: string, { values, route }: Tried): JsonObject {
  const asked = route?.steps.filter(isAsked) ?? [];
  return {
    name,
    by,
    values,
    expect: { outcome: route?.outcome ?? "", route: asked.map((step) => step.id), people: Object.fromEntries(asked.map((step) => [step.id, [...step.people]])) },
  };
}
