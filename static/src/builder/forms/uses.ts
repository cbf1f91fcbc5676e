/** What uses a field: said before it goes or gets another key. */

import { isObject, type Json, type JsonObject, type Path } from "../model/json";
import { type Mention, isOf, mentionsOf, namesInCondition, namesInFormula } from "./names";
import { listOf, textOf } from "./outline";

export type UseKind = Exclude<Mention, "layout"> | "branch" | "step" | "flow_setting" | "case" | "other_form" | "other_flow";

/** A field that another form, or the flow of another, names. */
export interface Elsewhere {
  readonly kind: "form" | "flow";
  readonly title: Json;
  readonly field: string;
}

export interface Use {
  kind: UseKind;
  /** Where: in the form's own document, or in that of a flow. */
  flow: JsonObject | null;
  path: Path;
  /** What a flow calls the step or branch, or what another form or flow is called. */
  title: Json | undefined;
}

/** Everything that uses the field: in its form, where standing in the layout is no use, in the flows of the form, and elsewhere. */
export function usedBy(document: JsonObject, flows: readonly JsonObject[], name: string, elsewhere: readonly Elsewhere[] = []): Use[] {
  const own = mentionsOf(document, name).flatMap(({ what, path }): Use[] => (what === "layout" ? [] : [{ kind: what, flow: null, path: owner(path), title: undefined }]));
  const others = elsewhere.filter((each) => isOf(each.field, name)).map(({ kind, title }): Use => ({ kind: `other_${kind}`, flow: null, path: [], title }));
  return [...distinct(own), ...flows.flatMap((flow) => new FlowUses(flow, name).all()), ...others];
}

/** How many of each kind, in the order in which they were found. */
export function counted(uses: readonly Use[]): Map<UseKind, number> {
  const found = new Map<UseKind, number>();
  for (const { kind } of uses) found.set(kind, (found.get(kind) ?? 0) + 1);
  return found;
}

/** The rule or field that a place is in: two conditions of one rule are one use. */
function owner(path: Path): Path {
  const depth = path[0] === "fields" && path[2] === "columns" ? 4 : path[0] === "rules" || path[0] === "fields" ? 2 : path.length;
  return path.slice(0, depth);
}

function distinct(uses: readonly Use[]): Use[] {
  const seen = new Set<string>();
  return uses.filter(({ kind, path }) => {
    const sign = `${kind} ${path.join("/")}`;
    return !seen.has(sign) && seen.add(sign);
  });
}

const MEMBERS = ["who", "to", "nobody", "with", "due"];

class FlowUses {
  private readonly found: Use[] = [];

  constructor(
    private readonly flow: JsonObject,
    private readonly name: string,
  ) {}

  all(): Use[] {
    this.settings();
    this.steps(this.flow["steps"], ["steps"]);
    for (const [index, each] of listOf(this.flow["cases"]).entries()) {
      if (isObject(each) && isObject(each["values"])) this.add("case", ["cases", index], each["name"], Object.keys(each["values"]));
    }
    return this.found;
  }

  private settings(): void {
    const settings = this.flow["settings"];
    if (!isObject(settings)) return;
    const names = listOf(settings["material"]).map(textOf);
    const authority = settings["authority"];
    if (isObject(authority)) names.push(textOf(authority["amount"]), ...listOf(authority["sum_over"]).map((each) => (isObject(each) ? textOf(each["by"]) : "")));
    this.add("flow_setting", ["settings"], undefined, [...names, ...pointed(settings["owner"]), ...pointed(authority)]);
  }

  private steps(list: Json | undefined, path: Path): void {
    for (const [index, step] of listOf(list).entries()) if (isObject(step)) this.step(step, [...path, index]);
  }

  private step(step: JsonObject, path: Path): void {
    const names = [...keysOf(step["fields"]), ...keysOf(step["into"]), textOf(step["until"])];
    for (const member of MEMBERS) names.push(...pointed(step[member]));
    this.add("step", path, step["title"] ?? step["id"], names);
    for (const [index, branch] of listOf(step["branches"]).entries()) {
      if (!isObject(branch)) continue;
      const at = [...path, "branches", index];
      const when = branch["when"];
      this.add("branch", at, branch["title"] ?? branch["id"], typeof when === "string" ? namesInFormula(when) : namesInCondition(when));
      this.steps(branch["steps"], [...at, "steps"]);
    }
  }

  private add(kind: UseKind, path: Path, title: Json | undefined, names: readonly string[]): void {
    if (names.some((each) => isOf(each, this.name))) this.found.push({ kind, flow: this.flow, path, title });
  }
}

/** Names that selectors and values point to: `{"field": …}`, `{"formula": …}`, `{"manager_with_limit": …}`. */
function pointed(value: Json | undefined): string[] {
  if (Array.isArray(value)) return value.flatMap(pointed);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (typeof inner !== "string") return pointed(inner);
    if (key === "field" || key === "manager_with_limit") return [inner];
    return key === "formula" ? namesInFormula(inner) : [];
  });
}

function keysOf(value: Json | undefined): string[] {
  return isObject(value) ? Object.keys(value) : [];
}
