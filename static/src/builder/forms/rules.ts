/** Rules: when something holds, fields are shown, required, set; or something is checked. */

import { isObject, type Json, type JsonObject, type Path } from "../model/json";
import type { Edit } from "../model/edits";
import { listOf } from "./outline";

/** What a rule can do to fields; `set` and `check` stand beside them. */
export const EFFECTS = ["show", "hide", "require", "readonly"] as const;
export type Effect = (typeof EFFECTS)[number];

export type RuleSort = "effect" | "check" | "duplicate";

export function rulesOf(document: JsonObject): { rule: JsonObject; path: Path }[] {
  return listOf(document["rules"]).flatMap((rule, index) => (isObject(rule) ? [{ rule, path: ["rules", index] }] : []));
}

export function sortOf(rule: JsonObject): RuleSort {
  if (rule["duplicate"] !== undefined) return "duplicate";
  return rule["check"] === undefined ? "effect" : "check";
}

/** A rule of each sort to start from; `about` is the field that it is made for. */
export function newRule(sort: RuleSort, about: string | undefined): JsonObject {
  switch (sort) {
    case "effect":
      return { when: {}, show: about === undefined ? [] : [about] };
    case "check":
      return { check: {}, ...(about === undefined ? {} : { at: about }), message: {} };
    case "duplicate":
      return { duplicate: { fields: about === undefined ? [] : [about], do: "warn" } };
  }
}

export function addRule(document: JsonObject, rule: JsonObject): { edit: Edit; path: Path } {
  const index = listOf(document["rules"]).length;
  if (!Array.isArray(document["rules"])) return { edit: many("form_added_rule", { kind: "set", path: ["rules"], value: [rule] }), path: ["rules", 0] };
  return { edit: many("form_added_rule", { kind: "insert", path: ["rules", index], value: rule }), path: ["rules", index] };
}

export function removeRule(index: number): Edit {
  return many("form_removed_rule", { kind: "remove", path: ["rules", index] });
}

export function copyRule(document: JsonObject, index: number): Edit | null {
  const rule = listOf(document["rules"])[index];
  return rule === undefined ? null : many("form_copied_rule", { kind: "insert", path: ["rules", index + 1], value: rule });
}

/** The fields that an effect concerns; an empty list takes the effect out. */
export function setEffect(path: Path, effect: Effect, names: readonly string[]): Edit {
  return { kind: "set", path: [...path, effect], value: names.length ? [...names] : undefined };
}

/** `set`: a formula by key; `undefined` takes the key out, and `set` where it was the last. */
export function setFormula(rule: JsonObject, path: Path, key: string, formula: string | undefined): Edit {
  const before = isObject(rule["set"]) ? rule["set"] : {};
  const after = Object.fromEntries(Object.entries({ ...before, [key]: formula ?? null }).filter(([, value]) => value !== null));
  return { kind: "set", path: [...path, "set"], value: Object.keys(after).length ? after : undefined };
}

/** Rules that concern a field, by what they do to it: for the marks on the canvas and the list in its properties. */
export function rulesAbout(document: JsonObject, name: string): { index: number; does: (Effect | "set" | "check" | "duplicate")[] }[] {
  return rulesOf(document).flatMap(({ rule, path }) => {
    const does: (Effect | "set" | "check" | "duplicate")[] = EFFECTS.filter((effect) => listOf(rule[effect]).includes(name));
    if (isObject(rule["set"]) && Object.hasOwn(rule["set"], name)) does.push("set");
    if (rule["at"] === name) does.push(rule["check"] === undefined ? "duplicate" : "check");
    return does.length ? [{ index: Number(path[1]), does }] : [];
  });
}

/** A rule that shows the field when a condition holds, or requires it: what “only on one path” asks for. */
export function ruleFor(document: JsonObject, name: string, effects: readonly Effect[], when: Json): { edit: Edit; path: Path } {
  return addRule(document, { when, ...Object.fromEntries(effects.map((effect) => [effect, [name]])) });
}

function many(label: string, edit: Edit): Edit {
  return { kind: "many", edits: [edit], label };
}
