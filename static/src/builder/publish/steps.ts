/** Steps of a flow's document, whatever state it is in. */

import { localText } from "../model/describe";
import { isObject, type Json, type JsonObject } from "../model/json";
import type { Builder } from "../model/store";

/** Every step, outer ones first. */
export function stepsOf(value: Json | undefined): JsonObject[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).flatMap((step) => {
    const branches = Array.isArray(step["branches"]) ? step["branches"].filter(isObject) : [];
    return [step, ...branches.flatMap((branch) => stepsOf(branch["steps"]))];
  });
}

/** What steps are called, those of the version in force too: a replay names steps that the draft took out. */
export function stepTitles(builder: Builder): Map<string, string> {
  const documents = [builder.boot.in_force?.["steps"], builder.document.value["steps"]];
  return new Map(documents.flatMap((steps) => stepsOf(steps).map((step) => [String(step["id"]), localText(step["title"]) || String(step["id"])] as const)));
}

/** The keys of fields that conditions and selectors of a flow name. */
export function namedFields(document: JsonObject): Set<string> {
  const found = new Set<string>();
  const look = (value: Json | undefined): void => {
    if (Array.isArray(value)) value.forEach(look);
    else if (isObject(value)) {
      for (const [key, part] of Object.entries(value)) {
        found.add(key);
        if (typeof part === "string") found.add(part);
        look(part);
      }
    }
  };
  for (const step of stepsOf(document["steps"])) {
    look(step["who"]);
    if (Array.isArray(step["branches"])) step["branches"].filter(isObject).forEach((branch) => look(branch["when"]));
  }
  return found;
}
