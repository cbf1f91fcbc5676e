/** What the server gives the builder with its page. */

import type { Length } from "../flows/times";
import type { Json, JsonObject } from "./json";

export type LocalText = string | { readonly [language: string]: string };
export type Kind = "form" | "flow";

export interface Problem {
  /** A JSON Pointer into the document. */
  readonly path: string;
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly example?: Readonly<Record<string, Json>> | null;
}

export type OptionKind =
  | "text" | "localtext" | "number" | "boolean" | "choice" | "choices" | "condition" | "formula" | "form" | "field"
  | "fields" | "list" | "map" | "date" | "json";

export interface Option {
  readonly name: string;
  readonly kind: OptionKind;
  readonly label: string;
  readonly help: string;
  readonly required: boolean;
  readonly default?: Json;
  /** What each entry of a list holds. */
  readonly members?: readonly Option[];
  /** The only values of a `choice`. */
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
  /** Of a `number`. */
  readonly least?: number;
  readonly most?: number;
  /** Of a `number`: written as a text in the definition, `"4999.99"`. */
  readonly decimal?: boolean;
}

export interface TypeInfo {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly icon: string;
  readonly group: "text" | "number" | "choice" | "time" | "people" | "files" | "structure" | "plugin";
  /** The sort of its values: text, number, boolean, date, datetime, time, choice, choices, reference, files, table, json, none. */
  readonly sort: string;
  readonly options: readonly Option[];
  /** Whether a column of a table may have the type, and whether a formula may compute it. */
  readonly column: boolean;
  readonly computed: boolean;
}

export interface FieldInfo {
  readonly key: string;
  readonly label: string;
  readonly type: string;
  readonly columns?: readonly FieldInfo[];
}

export interface PersonInfo {
  readonly key: string;
  readonly name: string;
  readonly department: string | null;
  readonly manager: string | null;
  readonly active: boolean;
}

export interface ActionInfo {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  /** What it is called with, and what it gives back. */
  readonly fields: readonly { readonly name: string; readonly label: string }[];
  readonly results: readonly { readonly name: string; readonly label: string }[];
}

export interface SelectorInfo {
  readonly name: string;
  readonly label: string;
  readonly operand: "person" | "role" | "level" | "amount" | "department" | "field" | "step" | "true" | "json";
  /** Takes `of`, a department or `submitter.department`. */
  readonly narrowed: boolean;
}

export interface Named {
  readonly key: string;
  readonly name: string;
}

export interface Catalogue {
  readonly types: readonly TypeInfo[];
  readonly forms: readonly { readonly key: string; readonly title: string; readonly fields: readonly FieldInfo[] }[];
  readonly flows: readonly { readonly key: string; readonly title: string; readonly form: string }[];
  readonly roles: readonly (Named & { readonly members: readonly string[] })[];
  readonly departments: readonly (Named & { readonly parent: string | null; readonly head: string | null })[];
  /** 500, and all that the document names; `people_more` says that there are others, found by the API. */
  readonly people: readonly PersonInfo[];
  readonly people_more: boolean;
  readonly calendars: readonly Named[];
  readonly actions: readonly ActionInfo[];
  readonly selectors: readonly SelectorInfo[];
  readonly steps: readonly string[];
  readonly templates: readonly Named[];
  readonly channels: readonly Named[];
  readonly events: readonly string[];
  /** Facts of conditions beside the fields, and the sort of each. */
  readonly facts: readonly { readonly key: string; readonly label: string; readonly sort: string; readonly target: string | null }[];
}

export interface Waiting {
  readonly asked_by: string;
  readonly asked_at: string;
  readonly note: string;
  readonly document: JsonObject;
}

export interface Boot {
  readonly kind: Kind;
  /** Empty for one that is new. */
  readonly key: string;
  readonly document: JsonObject;
  readonly base_version: number;
  readonly revision: number;
  readonly saved_at: string | null;
  readonly saved_by: string | null;
  readonly in_force: JsonObject | null;
  /** 0 for none. */
  readonly version_in_force: number;
  readonly problems: readonly Problem[];
  /** Of a flow. */
  readonly length: Length | null;
  readonly language: "en" | "zh_CN";
  /** Whether this person may change it, or only read. */
  readonly may_change: boolean;
  /** What waits for a second person. */
  readonly waiting: Waiting | null;
  /** Whether this person may say who owns it. */
  readonly may_name_owners: boolean;
  readonly me: { readonly key: string; readonly name: string };
  /** Of a flow: the document of its form; of a form: that of its flow. `null` where there is none. */
  readonly form: JsonObject | null;
  readonly flow: JsonObject | null;
  /** Of a form: fields of it that other forms and flows of others name. */
  readonly elsewhere: readonly { readonly kind: "form" | "flow"; readonly title: LocalText; readonly field: string }[];
  readonly urls: Readonly<Record<string, string>>;
  /** Drawings of icons that the catalogue names: the inside of an SVG of 16 × 16. */
  readonly icons: Readonly<Record<string, string>>;
  readonly catalogue: Catalogue;
}
