/** What conditions may ask of: the fields of a form's document, the parts of some, and the facts beside them. */

import type { Catalogue } from "../model/boot";
import { localText } from "../model/describe";
import { isObject, type Json, type JsonObject } from "../model/json";
import type { Builder } from "../model/store";

export interface KnownField {
  readonly key: string;
  readonly label: string;
  readonly type: string;
  /** As `TypeInfo.sort`. */
  readonly sort: string;
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
  /** Of a table. */
  readonly columns?: readonly KnownField[];
  /** Of a reference: a form's key, `person` or `department`. */
  readonly target?: string;
}

export function knownFields(form: JsonObject | null, builder: Builder): KnownField[] {
  const { catalogue } = builder.boot;
  const fields = listed(form?.["fields"], catalogue);
  const facts = catalogue.facts.map(
    ({ key, label, sort, target }): KnownField => ({
      key,
      label,
      type: target ?? sort,
      sort,
      ...(target ? { target } : {}),
      ...(key === "submitter.role" ? { choices: catalogue.roles.map((role) => ({ value: role.key, label: role.name })) } : {}),
    }),
  );
  return [...fields, ...facts];
}

function listed(fields: Json | undefined, catalogue: Catalogue): KnownField[] {
  if (!Array.isArray(fields)) return [];
  return fields.filter(isObject).flatMap((field) => {
    const found = known(field, catalogue);
    return found ? [found] : [];
  });
}

function known(field: JsonObject, catalogue: Catalogue): KnownField | null {
  const key = field["key"];
  const type = field["type"];
  if (typeof key !== "string" || typeof type !== "string") return null;
  const sort = catalogue.types.find((each) => each.name === type)?.sort ?? "text";
  if (sort === "none") return null;
  const base = { key, label: localText(field["label"]) || key, type, sort };
  if (sort === "table") return { ...base, columns: listed(field["columns"], catalogue) };
  if (type === "person" || type === "department") return { ...base, target: type };
  if (type === "lookup" && typeof field["form"] === "string") return { ...base, target: field["form"] };
  const choices = field["options"];
  return Array.isArray(choices) ? { ...base, choices: choices.filter(isObject).map(choice) } : base;
}

function choice(json: JsonObject): { value: string; label: string } {
  const value = String(json["value"] ?? "");
  return { value, label: localText(json["label"]) || value };
}
