/** Moving steps and branches, by the keyboard and by dragging; copying, pasting and removing them. */

import { apply, type Edit, EditError } from "../model/edits";
import { at, isObject, isWithin, type Json, type JsonObject, type Path } from "../model/json";
import { newlyBroken, type Reference, renumbered, withoutReturns } from "./references";
import { fresh, idsIn } from "./steps";
import { type BranchNode, isBranching, isStep, nodeAt, readTree, type StepNode, type Tree } from "./tree";

export type Direction = "up" | "down" | "left" | "right";

/** What an edit leads to: where the moved or new thing stands then, and what does not lie behind its step any more. */
export interface Moved {
  readonly edit: Edit;
  readonly to: Path;
  readonly broken: readonly Reference[];
}

/** The step or branch at `path` one place on; `null` where it cannot go. */
export function moveBy(document: JsonObject, path: Path, direction: Direction): Moved | null {
  const tree = readTree(document);
  const node = nodeAt(tree, path);
  if (node === null) return null;
  const to = isStep(node) ? stepTo(tree, node, direction) : branchTo(node, direction);
  return to && moved(document, node.path, to);
}

/** The step at `from` to the place before the element that now stands at `to`; `null` where that changes nothing. */
export function moveTo(document: JsonObject, from: Path, to: Path): Moved | null {
  const list = to.slice(0, -1);
  if (isWithin(to, from)) return null;
  const index = Number(to.at(-1));
  const inside = list.length === from.length - 1 && isWithin(from, list);
  const own = Number(from.at(-1));
  if (inside && (index === own || index === own + 1)) return null;
  return moved(document, from, shifted([...list, inside && index > own ? index - 1 : index], from));
}

function moved(document: JsonObject, from: Path, to: Path): Moved {
  const edit: Edit = { kind: "move", from, to };
  return { edit, to, broken: newlyBroken(document, apply(document, edit)) };
}

/** `to` as it is once what stood at `from` was taken out. */
function shifted(to: Path, from: Path): Path {
  const depth = from.length - 1;
  if (to.length <= from.length || !isWithin(to, from.slice(0, depth))) return to;
  const place = to[depth];
  const own = from[depth];
  if (typeof place !== "number" || typeof own !== "number" || place <= own) return to;
  return [...to.slice(0, depth), place - 1, ...to.slice(depth + 1)];
}

/** Up and down go into branches at the end of a list only, out of them, and over whole branching steps otherwise. */
function stepTo(tree: Tree, step: StepNode, direction: Direction): Path | null {
  const list = step.path.slice(0, -1);
  const index = Number(step.path.at(-1));
  const siblings = step.parent === null ? tree.steps : step.parent.steps;
  const place = siblings.indexOf(step);
  if (direction === "up" || direction === "down") {
    const next = siblings[place + (direction === "up" ? -1 : 1)];
    if (next !== undefined) return [...list, Number(next.path.at(-1))];
    return step.parent && outOf(step.parent, direction);
  }
  return step.parent ? beside(step.parent, index, direction) : intoNeighbour(siblings, place, direction);
}

function outOf(branch: BranchNode, direction: "up" | "down"): Path {
  const step = branch.step.path;
  return [...step.slice(0, -1), Number(step.at(-1)) + (direction === "up" ? 0 : 1)];
}

function beside(branch: BranchNode, index: number, direction: "left" | "right"): Path | null {
  const branches = branch.step.branches;
  const next = branches[branches.indexOf(branch) + (direction === "left" ? -1 : 1)];
  return next === undefined ? null : [...next.path, "steps", Math.min(index, next.steps.length)];
}

/** A step that stands in no branch goes right into the first branch of the step below it, or left into the last of that above. */
function intoNeighbour(siblings: readonly StepNode[], place: number, direction: "left" | "right"): Path | null {
  if (direction === "left") {
    const above = siblings[place - 1];
    const last = above && isBranching(above) ? above.branches.at(-1) : undefined;
    return last === undefined ? null : [...last.path, "steps", last.steps.length];
  }
  const below = siblings[place + 1];
  const first = below && isBranching(below) ? below.branches[0] : undefined;
  const own = siblings[place];
  return first === undefined || own === undefined ? null : shifted([...first.path, "steps", 0], own.path);
}

function branchTo(branch: BranchNode, direction: Direction): Path | null {
  const { branches } = branch.step;
  const next = branches[branches.indexOf(branch) + (direction === "left" || direction === "up" ? -1 : 1)];
  return next === undefined ? null : next.path;
}

// The clipboard

/** Steps, or one branch, that were copied out of a flow. */
export interface Clip {
  readonly signoff: "steps/1";
  readonly sort: "steps" | "branch";
  readonly form: string;
  readonly steps: readonly Json[];
  /** Of a branch: itself without its steps. */
  readonly branch?: JsonObject;
}

export function copied(document: JsonObject, path: Path): Clip | null {
  const node = nodeAt(readTree(document), path);
  if (node === null) return null;
  const form = typeof document["form"] === "string" ? document["form"] : "";
  if (isStep(node)) return { signoff: "steps/1", sort: "steps", form, steps: [node.document] };
  const { steps, ...branch } = node.document;
  return { signoff: "steps/1", sort: "branch", form, steps: Array.isArray(steps) ? steps : [], branch };
}

/** A clip out of what was kept, `null` if that is none. */
export function readClip(text: string | null): Clip | null {
  try {
    const found: unknown = JSON.parse(text ?? "");
    const clip = found as Clip;
    return clip?.signoff === "steps/1" && Array.isArray(clip.steps) && clip.steps.every((step) => isObject(step)) ? clip : null;
  } catch {
    return null;
  }
}

export interface Pasted extends Moved {
  /** Ids that became others: `lead` → `lead_2`. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Fields that the pasted steps name and the form of this flow does not have. */
  readonly unknownFields: readonly string[];
}

/** Steps of a clip at a place of a list. */
export function pasteSteps(document: JsonObject, clip: Clip, list: Path, index: number, fields: readonly string[] | null): Pasted {
  const { steps, renamed } = withFreshIds(document, clip.steps);
  const edits = steps.map((value, place): Edit => ({ kind: "insert", path: [...list, index + place], value }));
  return pasted(document, { kind: "many", label: "flow_edit_pasted", edits }, [...list, index], renamed, clip, fields);
}

/** The branch of a clip into a branching step; into a step of another sort it comes without what that does not know. */
export function pasteBranch(document: JsonObject, clip: Clip, step: StepNode, fields: readonly string[] | null): Pasted {
  const { steps, renamed } = withFreshIds(document, clip.steps);
  const taken = new Set(step.branches.map((branch) => branch.id));
  const { when, otherwise, ...plain } = clip.branch ?? {};
  const ways: JsonObject = step.kind === "parallel" ? {} : waysOf(step, when, otherwise);
  const value: JsonObject = { ...plain, id: fresh(String(plain["id"] ?? "branch"), taken), ...ways, steps };
  const to = [...step.path, "branches", step.branches.length];
  return pasted(document, { kind: "many", label: "flow_edit_pasted", edits: [{ kind: "insert", path: to, value }] }, to, renamed, clip, fields);
}

function waysOf(step: StepNode, when: Json | undefined, otherwise: Json | undefined): JsonObject {
  if (when !== undefined) return { when };
  const free = !step.branches.some((branch) => branch.document["otherwise"] === true);
  return otherwise === true && free ? { otherwise } : { when: {} };
}

function pasted(
  document: JsonObject, edit: Edit, to: Path, renamed: ReadonlyMap<string, string>, clip: Clip, fields: readonly string[] | null,
): Pasted {
  const unknownFields = fields === null ? [] : namedFields(clip.steps).filter((field) => !fields.includes(field));
  return { edit, to, renamed, broken: newlyBroken(document, apply(document, edit)), unknownFields };
}

function withFreshIds(document: JsonObject, steps: readonly Json[]): { steps: Json[]; renamed: Map<string, string> } {
  const taken = idsIn(document);
  const names = new Map<string, string>();
  const renamed = new Map<string, string>();
  for (const id of idsIn([...steps])) {
    if (id === "start") continue;
    const own = fresh(id, taken);
    taken.add(own);
    names.set(id, own);
    if (own !== id) renamed.set(id, own);
  }
  return { steps: renumbered(steps, names), renamed };
}

/** Fields in `fields`, `into`, `until` and in selectors and arguments `{"field": …}`; of columns their table. */
function namedFields(steps: readonly Json[]): string[] {
  const found = new Set<string>();
  const visit = (value: Json): void => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (!isObject(value)) return;
    for (const [key, each] of Object.entries(value)) {
      if ((key === "fields" || key === "into") && isObject(each)) Object.keys(each).forEach((field) => found.add(field));
      else if ((key === "field" || key === "until" || key === "manager_with_limit") && typeof each === "string") found.add(each);
      else visit(each);
    }
  };
  visit([...steps]);
  return [...new Set([...found].filter((field) => !/^(submitter|sum)\./.test(field)).map((field) => field.split(".")[0] ?? field))];
}

/** A copy right behind the original. */
export function duplicated(document: JsonObject, path: Path): Pasted | null {
  const clip = copied(document, path);
  const node = nodeAt(readTree(document), path);
  if (clip === null || node === null) return null;
  const index = Number(node.path.at(-1)) + 1;
  if (isStep(node)) return pasteSteps(document, clip, node.path.slice(0, -1), index, null);
  return pasteBranch(document, clip, node.step, null);
}

export interface Removal {
  readonly edit: Edit;
  readonly broken: readonly Reference[];
  /** How many steps lie in it, itself not counted. */
  readonly inner: number;
  /** What is chosen next. */
  readonly next: Path | null;
}

/** The step or branch goes, and the places in `return_to` that name it or what is inside. */
export function removal(document: JsonObject, path: Path): Removal | null {
  const tree = readTree(document);
  const node = nodeAt(tree, path);
  if (node === null) return null;
  const ids = idsIn(isStep(node) ? [node.document] : (at(node.document, ["steps"]) ?? []));
  ids.delete("start");
  const edits: Edit[] = [...withoutReturns(document, ids, node.path), { kind: "remove", path: node.path }];
  const edit: Edit = { kind: "many", label: isStep(node) ? "flow_edit_step_removed" : "flow_edit_branch_removed", edits };
  const inner = ids.size - (isStep(node) ? 1 : 0);
  try {
    return { edit, inner, broken: newlyBroken(document, apply(document, edit)), next: after(tree, node) };
  } catch (error) {
    if (error instanceof EditError) return null;
    throw error;
  }
}

function after(tree: Tree, node: StepNode | BranchNode): Path | null {
  const siblings: readonly (StepNode | BranchNode)[] = !isStep(node) ? node.step.branches : node.parent === null ? tree.steps : node.parent.steps;
  const place = siblings.indexOf(node);
  if (siblings[place + 1] !== undefined) return node.path;
  if (siblings[place - 1] !== undefined) return siblings[place - 1]?.path ?? null;
  return isStep(node) ? (node.parent?.path ?? null) : node.step.path;
}
