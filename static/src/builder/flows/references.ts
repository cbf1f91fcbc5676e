/** What in a flow speaks of a step by its id, and whether it may: the step is there, and lies behind. */

import type { Edit } from "../model/edits";
import { at, isObject, isWithin, type Json, type JsonObject, type Path, pointer } from "../model/json";
import { behind, readTree, START, type StepNode, type Tree, walk } from "./tree";

export interface Reference {
  /** The path of the id itself. */
  readonly path: Path;
  readonly target: string;
  /** A key of `expect.people` of a case is renamed, not set. */
  readonly sort: "return_to" | "approver_of" | "case" | "case_people";
  /** The step that says it; `null` in settings and cases. */
  readonly step: StepNode | null;
}

/** Every mention of a step, in the order of the document. */
export function references(document: Json, tree: Tree = readTree(document)): readonly Reference[] {
  const found: Reference[] = [];
  for (const step of walk(tree.steps)) found.push(...ofStep(step));
  found.push(...approvers(at(document, ["settings"]), ["settings"], null), ...ofCases(document));
  return found;
}

function ofStep(step: StepNode): Reference[] {
  const found: Reference[] = [];
  const targets = step.document["return_to"];
  if (Array.isArray(targets)) {
    targets.forEach((target, index) => {
      if (typeof target === "string") found.push({ path: [...step.path, "return_to", index], target, sort: "return_to", step });
    });
  }
  for (const [key, value] of Object.entries(step.document)) {
    if (key !== "branches") found.push(...approvers(value, [...step.path, key], step));
  }
  return found;
}

/** Selectors `{"approver_of": …}`, wherever a step or the settings have them. */
function approvers(value: Json | undefined, path: Path, step: StepNode | null): Reference[] {
  if (Array.isArray(value)) return value.flatMap((each, index) => approvers(each, [...path, index], step));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, each]): Reference[] =>
    key === "approver_of" && typeof each === "string"
      ? [{ path: [...path, key], target: each, sort: "approver_of", step }]
      : approvers(each, [...path, key], step),
  );
}

function ofCases(document: Json): Reference[] {
  const cases = at(document, ["cases"]);
  if (!Array.isArray(cases)) return [];
  return cases.flatMap((each, index): Reference[] => {
    const route = at(each, ["expect", "route"]);
    const people = at(each, ["expect", "people"]);
    const path = ["cases", index, "expect"];
    return [
      ...(Array.isArray(route) ? route : []).flatMap((target, place): Reference[] =>
        typeof target === "string" ? [{ path: [...path, "route", place], target, sort: "case", step: null }] : [],
      ),
      ...(isObject(people) ? Object.keys(people) : []).map(
        (target): Reference => ({ path: [...path, "people", target], target, sort: "case_people", step: null }),
      ),
    ];
  });
}

/** Mentions of steps that are not there or do not lie behind the one that speaks of them. */
export function broken(document: Json): readonly Reference[] {
  const tree = readTree(document);
  const earlier = behind(tree);
  return references(document, tree).filter(({ target, step, sort }) => {
    if (sort === "return_to" && target === START) return false;
    if (step === null) return !tree.byId.has(target);
    return !(earlier.get(step) ?? []).includes(target);
  });
}

/** Mentions that were fine in `before` and are not in `after`: what an edit broke. */
export function newlyBroken(before: Json, after: Json): readonly Reference[] {
  const name = ({ step, sort, target }: Reference): string => `${step?.id ?? ""} ${sort} ${target}`;
  const known = new Set(broken(before).map(name));
  return broken(after).filter((each) => !known.has(name(each)));
}

/** A step gets another id, and everything that speaks of it says so too: one edit. */
export function renameStep(document: Json, step: StepNode, id: string): Edit {
  const edits: Edit[] = [{ kind: "set", path: [...step.path, "id"], value: id }];
  for (const each of references(document)) {
    if (each.target !== step.id) continue;
    if (each.sort === "case_people") edits.push(...renamedKey(document, each.path, id));
    else edits.push({ kind: "set", path: each.path, value: id });
  }
  return { kind: "many", label: "flow_edit_renamed", edits };
}

function renamedKey(document: Json, path: Path, id: string): Edit[] {
  const people = at(document, path.slice(0, -1));
  if (!isObject(people)) return [];
  const entries = Object.entries(people).map(([key, value]) => [key === path.at(-1) ? id : key, value] as const);
  return [{ kind: "set", path: path.slice(0, -1), value: Object.fromEntries(entries) }];
}

/** Takes the ids out of every `return_to` that is not itself inside of `gone`; one that would be left empty goes. */
export function withoutReturns(document: Json, ids: ReadonlySet<string>, gone: Path): Edit[] {
  const found = references(document).filter(
    ({ sort, target, path }) => sort === "return_to" && ids.has(target) && !isWithin(path, gone),
  );
  const lists = new Map(found.map(({ path }) => [pointer(path.slice(0, -1)), path.slice(0, -1)]));
  return [...lists.values()].map((path): Edit => {
    const targets = at(document, path);
    const left = Array.isArray(targets) ? targets.filter((each) => typeof each !== "string" || !ids.has(each)) : [];
    return { kind: "set", path, value: left.length > 0 ? left : undefined };
  });
}

/** Copies of steps with other ids; what they say of each other follows. */
export function renumbered(steps: readonly Json[], names: ReadonlyMap<string, string>): Json[] {
  return steps.map((step) => (isObject(step) ? renumberedStep(step, names) : step));
}

function renumberedStep(step: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  const made: JsonObject = {};
  for (const [key, value] of Object.entries(step)) {
    if (key === "id" && typeof value === "string") made[key] = names.get(value) ?? value;
    else if (key === "return_to" && Array.isArray(value)) made[key] = value.map((each) => (typeof each === "string" ? (names.get(each) ?? each) : each));
    else if (key === "branches" && Array.isArray(value)) made[key] = value.map((branch) => renumberedBranch(branch, names));
    else made[key] = renumberedSelectors(value, names);
  }
  return made;
}

function renumberedBranch(branch: Json, names: ReadonlyMap<string, string>): Json {
  if (!isObject(branch) || !Array.isArray(branch["steps"])) return branch;
  return { ...branch, steps: renumbered(branch["steps"], names) };
}

function renumberedSelectors(value: Json, names: ReadonlyMap<string, string>): Json {
  if (Array.isArray(value)) return value.map((each) => renumberedSelectors(each, names));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      key === "approver_of" && typeof each === "string" ? (names.get(each) ?? each) : renumberedSelectors(each, names),
    ]),
  );
}
