/** What was done, and can be taken back and done again. Values only: a history is never changed, it is followed by another. */

import { apply, type Edit, invert, isNothing } from "./edits";
import { type Json, samePath } from "./json";

/** `before` is the document that `edit` was made on. */
export interface Done {
  readonly edit: Edit;
  readonly back: Edit;
  readonly before: Json;
  readonly merge: string | undefined;
  readonly at: number;
}

export interface History {
  readonly document: Json;
  readonly done: readonly Done[];
  readonly undone: readonly Done[];
}

/** Typing in one field becomes one entry while its pauses are shorter, in milliseconds. */
export const PAUSE = 1500;
const MOST = 500;

export function begin(document: Json): History {
  return { document, done: [], undone: [] };
}

/** The history after `edit`. Edits with the same `merge` key in quick succession are taken back together.
 *
 * @throws EditError the edit's path is not there.
 */
export function did(history: History, edit: Edit, at: number, merge?: string): History {
  if (isNothing(edit)) return history;
  const document = apply(history.document, edit);
  const last = history.done.at(-1);
  const goesOn = merge !== undefined && last?.merge === merge && at - last.at < PAUSE && history.undone.length === 0;
  const entry: Done = goesOn
    ? merged(last, edit, history.document, at)
    : { edit, back: invert(history.document, edit), before: history.document, merge, at };
  const done = goesOn ? history.done.slice(0, -1) : history.done.slice(-MOST + 1);
  return { document, done: [...done, entry], undone: [] };
}

/** The history before its last edit, with what was taken back; `null` if there is nothing. */
export function undone(history: History): [History, Done] | null {
  const last = history.done.at(-1);
  if (!last) return null;
  return [{ document: last.before, done: history.done.slice(0, -1), undone: [...history.undone, last] }, last];
}

/** The history with the last undone edit done again; `null` if there is nothing. */
export function redone(history: History): [History, Done] | null {
  const last = history.undone.at(-1);
  if (!last) return null;
  const again: Done = { ...last, merge: undefined };
  return [{ document: apply(history.document, last.edit), done: [...history.done, again], undone: history.undone.slice(0, -1) }, last];
}

function merged(last: Done, edit: Edit, document: Json, at: number): Done {
  const one = last.edit;
  const samePlace = one.kind === "set" && edit.kind === "set" && samePath(one.path, edit.path);
  if (samePlace && edit.value !== undefined) {
    const before = one.before === undefined ? {} : { before: one.before };
    return { ...last, edit: { kind: "set", path: edit.path, value: edit.value, ...before }, at };
  }
  return {
    ...last,
    edit: { kind: "many", edits: [one, edit] },
    back: { kind: "many", edits: [invert(document, edit), last.back] },
    at,
  };
}
