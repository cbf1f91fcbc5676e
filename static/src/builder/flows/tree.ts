/** A flow as people see it: steps one below the other, branches side by side; each knows its path in the document. */

import { at, isObject, type Json, type JsonObject, type Path } from "../model/json";

export const KINDS = ["approve", "work", "route", "parallel", "action", "notify", "wait", "auto"] as const;
export type Kind = (typeof KINDS)[number];
/** What `return_to` calls the submitter. */
export const START = "start";

export interface StepNode {
  readonly path: Path;
  /** For lists on the screen: the id, or where it stands if the id is missing or stands twice. */
  readonly key: string;
  readonly id: string;
  /** Any text: a newer version may know more kinds. */
  readonly kind: string;
  readonly document: JsonObject;
  readonly branches: readonly BranchNode[];
  readonly parent: BranchNode | null;
}

export interface BranchNode {
  readonly path: Path;
  readonly key: string;
  readonly id: string;
  readonly document: JsonObject;
  readonly steps: readonly StepNode[];
  readonly step: StepNode;
}

export interface Tree {
  readonly steps: readonly StepNode[];
  readonly byId: ReadonlyMap<string, StepNode>;
  readonly byKey: ReadonlyMap<string, StepNode | BranchNode>;
}

export function isStep(node: StepNode | BranchNode): node is StepNode {
  return "branches" in node;
}

/** Steps at which people act. */
export function isForPeople(step: StepNode): boolean {
  return step.kind === "approve" || step.kind === "work";
}

export function isBranching(step: StepNode): boolean {
  return step.kind === "route" || step.kind === "parallel";
}

/** What is no step or branch at all is left out; it stays in the document. */
export function readTree(document: Json): Tree {
  const byId = new Map<string, StepNode>();
  const byKey = new Map<string, StepNode | BranchNode>();

  function unique(wanted: string, path: Path): string {
    return wanted && !byKey.has(wanted) ? wanted : `/${path.join("/")}`;
  }

  function steps(list: Json | undefined, path: Path, parent: BranchNode | null): StepNode[] {
    if (!Array.isArray(list)) return [];
    return list.flatMap((each, index) => (isObject(each) ? [step(each, [...path, index], parent)] : []));
  }

  function step(document: JsonObject, path: Path, parent: BranchNode | null): StepNode {
    const id = text(document["id"]);
    const key = unique(id, path);
    const branches: BranchNode[] = [];
    const made: StepNode = { path, key, id, kind: text(document["kind"]), document, branches, parent };
    if (id && !byId.has(id)) byId.set(id, made);
    byKey.set(key, made);
    const list = document["branches"];
    if (Array.isArray(list)) {
      list.forEach((each, index) => isObject(each) && branches.push(branch(each, [...path, "branches", index], made)));
    }
    return made;
  }

  function branch(document: JsonObject, path: Path, step: StepNode): BranchNode {
    const id = text(document["id"]);
    const key = unique(id && `${step.key}/${id}`, path);
    const inner: StepNode[] = [];
    const made: BranchNode = { path, key, id, document, steps: inner, step };
    byKey.set(key, made);
    inner.push(...steps(document["steps"], [...path, "steps"], made));
    return made;
  }

  return { steps: steps(at(document, ["steps"]), ["steps"], null), byId, byKey };
}

/** Every step, outer before inner. */
export function* walk(steps: readonly StepNode[]): Generator<StepNode> {
  for (const step of steps) {
    yield step;
    for (const branch of step.branches) yield* walk(branch.steps);
  }
}

/** How many steps lie in the branches of a step, or in a branch. */
export function countIn(node: StepNode | BranchNode): number {
  const lists = isStep(node) ? node.branches.map((branch) => branch.steps) : [node.steps];
  return lists.reduce((sum, list) => sum + [...walk(list)].length, 0);
}

/** The nearest step or branch that a path leads to or into. */
export function nodeAt(tree: Tree, path: Path): StepNode | BranchNode | null {
  let found: StepNode | BranchNode | null = null;
  let steps: readonly StepNode[] = tree.steps;
  let depth = 0;
  while (path[depth] === "steps" && typeof path[depth + 1] === "number") {
    const step: StepNode | undefined = steps.find((each) => each.path.at(-1) === path[depth + 1]);
    if (step === undefined) break;
    found = step;
    depth += 2;
    if (path[depth] !== "branches" || typeof path[depth + 1] !== "number") break;
    const branch: BranchNode | undefined = step.branches.find((each) => each.path.at(-1) === path[depth + 1]);
    if (branch === undefined) break;
    found = branch;
    steps = branch.steps;
    depth += 2;
  }
  return found;
}

/** For each step the ids of those behind it at which people act: where it may send back, whose approvers it may name.
 *
 * Steps in branches beside it do not lie behind it; those in branches that came together again do (flows/schema_references.py).
 */
export function behind(tree: Tree): ReadonlyMap<StepNode, readonly string[]> {
  const found = new Map<StepNode, readonly string[]>();

  function along(steps: readonly StepNode[], start: readonly string[]): readonly string[] {
    let before = start;
    for (const step of steps) {
      found.set(step, before);
      const after = isForPeople(step) ? [...before, step.id] : [...before];
      for (const branch of step.branches) {
        for (const id of along(branch.steps, before)) if (!after.includes(id)) after.push(id);
      }
      before = after;
    }
    return before;
  }

  along(tree.steps, []);
  return found;
}

export function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
