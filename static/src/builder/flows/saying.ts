/** What the tree, the print and screen readers say of steps, in the words of the rest of the product. */

import type { Catalogue, Problem } from "../model/boot";
import { localText } from "../model/describe";
import { isObject, type Json, type JsonObject } from "../model/json";
import { personName as knownName } from "../shared/finding";
import { currentLanguage, isWord, t, type WordKey } from "../words";
import { inWords } from "./durations";
import { formFields } from "./steps";
import { type BranchNode, START, type StepNode, text, type Tree } from "./tree";

/** What sentences take names from. */
export interface Names {
  readonly catalogue: Pick<Catalogue, "roles" | "departments" | "people" | "actions" | "templates" | "selectors" | "facts">;
  readonly form: JsonObject | null;
  readonly tree: Tree;
}

/** A key of the words made of parts, or what it is a word for if there is none. */
export function word(prefix: string, name: string): string {
  const key = `${prefix}${name}`;
  return isWord(key) ? t(key) : name.replaceAll("_", " ");
}

export function joined(parts: readonly string[]): string {
  return parts.join(currentLanguage() === "en" ? ", " : "、");
}

function quoted(name: string): string {
  return `“${name}”`;
}

export function stepTitle(step: StepNode): string {
  return localText(step.document["title"]) || step.id || t("flow_untitled");
}

export function branchTitle(branch: BranchNode): string {
  return localText(branch.document["title"]) || branch.id || t("flow_untitled");
}

/** The sort of a step: `Approval`, `Task`. */
export function kindOf(step: StepNode): string {
  return word("flow_kind_", step.kind);
}

const ICONS: Readonly<Record<string, string>> = {
  approve: "person-check", work: "clipboard-check", route: "signpost-split", parallel: "diagram-2", auto: "check2-circle",
  action: "gear", notify: "bell", wait: "hourglass-split",
};

export function iconOf(step: StepNode): string {
  if (step.kind === "auto" && step.document["verdict"] === "reject") return "x-circle";
  return ICONS[step.kind] ?? "puzzle";
}

// People

/** `role Finance, or the submitter’s manager`. */
export function whoInWords(value: Json | undefined, names: Names): string {
  if (!Array.isArray(value)) return "";
  return joined(value.map((each) => selectorInWords(each, names)));
}

export function selectorInWords(value: Json | undefined, names: Names): string {
  const [kind, operand] = selectorParts(value);
  if (kind === "") return t("flow_who_nothing");
  const of = isObject(value) ? text(value["of"]) : "";
  switch (kind) {
    case "person":
      return personName(text(operand), names);
    case "role":
      return t(of ? "flow_who_role_of" : "flow_who_role", { role: nameIn(names.catalogue.roles, text(operand)), of: departmentName(of, names) });
    case "manager":
      return operand === 1 ? t("flow_who_manager") : t("flow_who_manager_up", { n: Number(operand) });
    case "manager_with_limit":
      return t("flow_who_limit", { field: fieldLabel(text(operand), names) });
    case "head_of":
      return isObject(operand)
        ? t("flow_who_head_field", { field: fieldLabel(text(operand["field"]), names) })
        : t("flow_who_head", { department: departmentName(text(operand), names) });
    case "field":
      return t("flow_who_field", { field: fieldLabel(text(operand), names) });
    case "approver_of":
      return t("flow_who_approver_of", { step: stepName(text(operand), names.tree) });
    case "submitter":
      return t("flow_who_submitter");
    default:
      return `${names.catalogue.selectors.find((each) => each.name === kind)?.label ?? kind} ${typeof operand === "string" ? operand : ""}`.trim();
  }
}

/** The kind of a selector and its operand; `""` for none. */
export function selectorParts(value: Json | undefined): [kind: string, operand: Json | undefined] {
  if (!isObject(value)) return ["", undefined];
  const kind = Object.keys(value).find((key) => key !== "of") ?? "";
  return [kind, value[kind]];
}

function nameIn(list: readonly { readonly key: string; readonly name: string }[], key: string): string {
  return list.find((each) => each.key === key)?.name || key;
}

export function personName(key: string, { catalogue }: Pick<Names, "catalogue">): string {
  return knownName({ catalogue }, key);
}

function departmentName(key: string, { catalogue }: Names): string {
  return key === "submitter.department" ? t("flow_own_department") : nameIn(catalogue.departments, key);
}

export function stepName(id: string, tree: Tree): string {
  if (id === START) return t("flow_the_submitter");
  const step = tree.byId.get(id);
  return quoted(step ? stepTitle(step) : id);
}

/** `lines.quantity` as `Items · Quantity`. */
export function fieldLabel(key: string, { form, catalogue }: Pick<Names, "form" | "catalogue">): string {
  const [own = "", column] = key.split(".");
  const fact = catalogue.facts.find((each) => each.key === key);
  if (fact) return fact.label;
  const field = formFields(form).find((each) => each["key"] === own);
  if (!field) return key;
  const label = localText(field["label"]) || own;
  if (column === undefined) return label;
  const parts = [field["columns"], field["items"]].flatMap((list) => (Array.isArray(list) ? list.filter(isObject) : []));
  const part = parts.find((each) => each["key"] === column);
  return `${label} · ${localText(part?.["label"]) || column}`;
}

/** `any one of them` for a pool of several. */
export function modeInWords(step: JsonObject): string {
  const mode = text(step["mode"]) || "any";
  if (mode !== "vote") return word("flow_mode_", mode);
  return t("flow_mode_vote_share", { share: shareInWords(step["share"]) });
}

export function shareInWords(share: Json | undefined): string {
  const part = Number(share);
  return share !== undefined && Number.isFinite(part) ? `${Math.round(part * 10000) / 100}%` : "?";
}

// Time

/** `12 h of working time`. */
export function dueInWords(due: Json | undefined): string {
  if (!isObject(due)) return t("flow_no_deadline");
  return t(due["clock"] === "always" ? "flow_due_always" : "flow_due_business", { length: inWords(due["in"]) });
}

// Conditions

const OPERATORS: Readonly<Record<string, WordKey>> = {
  eq: "flow_op_eq", ne: "flow_op_ne", gt: "flow_op_gt", gte: "flow_op_gte", lt: "flow_op_lt", lte: "flow_op_lte", in: "flow_op_in",
  not_in: "flow_op_not_in", contains: "flow_op_contains", starts_with: "flow_op_starts_with",
};

/** A condition as forms/conditions/describe.py says it; what it does not know stays JSON. */
export function conditionInWords(when: Json | undefined, names: Names, outer = true): string {
  if (!isObject(when)) return JSON.stringify(when ?? {});
  const keys = Object.keys(when);
  if (keys.length === 0) return t("flow_always");
  const [first = ""] = keys;
  const operand = when[first];
  if (first === "not") return t("flow_not", { what: conditionInWords(operand, names) });
  if ((first === "all" || first === "any") && Array.isArray(operand)) {
    if (operand.length === 0) return t(first === "all" ? "flow_always" : "flow_never");
    return grouped(operand.map((part) => conditionInWords(part, names, false)), first, outer);
  }
  return grouped(keys.flatMap((key) => testsInWords(key, when[key], names)), "all", outer);
}

function grouped(parts: readonly string[], sort: "all" | "any", outer: boolean): string {
  const text = parts.join(t(sort === "all" ? "flow_and" : "flow_or"));
  return outer || parts.length === 1 ? text : t("flow_group", { what: text });
}

function testsInWords(key: string, test: Json | undefined, names: Names): string[] {
  const field = fieldLabel(key, names);
  const shown = (operand: Json | undefined): string => valueInWords(key, operand, names);
  if (Array.isArray(test)) return [t("flow_op_in", { field, value: shown(test) })];
  if (!isObject(test) || "field" in test) return [t("flow_op_eq", { field, value: shown(test) })];
  return Object.entries(test).map(([name, operand]) => {
    if (name === "empty") return t(operand === true ? "flow_op_empty" : "flow_op_filled", { field });
    const operator = OPERATORS[name];
    return operator === undefined ? `${field} ${name} ${JSON.stringify(operand)}` : t(operator, { field, value: shown(operand) });
  });
}

/** A value as people know it: the label of a choice, the name of a person. */
export function valueInWords(key: string, value: Json | undefined, names: Names): string {
  if (Array.isArray(value)) return joined(value.map((each) => valueInWords(key, each, names)));
  if (isObject(value)) return typeof value["field"] === "string" ? fieldLabel(value["field"], names) : JSON.stringify(value);
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  const choice = choiceLabel(key, value, names.form);
  if (choice) return choice;
  if (key === "submitter.department") return departmentName(text(value), names);
  if (key === "submitter.role") return nameIn(names.catalogue.roles, text(value));
  if (isNumber(key, names.form)) return moneyInWords(String(value ?? ""), key, names.form);
  return String(value ?? "");
}

function choiceLabel(key: string, value: Json | undefined, form: JsonObject | null): string {
  const options = formFields(form).find((each) => each["key"] === key)?.["options"];
  const found = Array.isArray(options) ? options.filter(isObject).find((each) => each["value"] === value) : undefined;
  return localText(found?.["label"]);
}

function isNumber(key: string, form: JsonObject | null): boolean {
  return ["money", "number", "integer", "percent"].includes(text(formFields(form).find((each) => each["key"] === key)?.["type"]));
}

/** `¥5,000.00`; of a number that is no money only with its commas. Exact: the text is never made a double. */
export function moneyInWords(value: string, key: string, form: JsonObject | null): string {
  const field = formFields(form).find((each) => each["key"] === key);
  const currency = field?.["type"] === "money" && typeof field["currency"] === "string" ? field["currency"] : null;
  const places = value.split(".")[1]?.length ?? 0;
  const options: Intl.NumberFormatOptions =
    currency === null
      ? { maximumFractionDigits: 20, minimumFractionDigits: Math.min(places, 20) }
      : { style: "currency", currency, currencyDisplay: "narrowSymbol", ...(places > 2 ? { maximumFractionDigits: 20 } : {}) };
  try {
    return new Intl.NumberFormat(currentLanguage() === "en" ? "en" : "zh-CN", options).format(value as `${number}`);
  } catch {
    return value;
  }
}

// Steps as a whole

/** The lines of a card below its title. */
export function linesOf(step: StepNode, names: Names): readonly { readonly sort: "who" | "due" | "what" | "missing"; readonly text: string }[] {
  const { document } = step;
  switch (step.kind) {
    case "approve":
    case "work": {
      const who = whoInWords(document["who"], names);
      const several = text(document["mode"]) && document["mode"] !== "any" ? ` · ${modeInWords(document)}` : "";
      const due = isObject(document["due"]);
      return [
        { sort: who ? "who" : "missing", text: who ? who + several : t("flow_who_nothing") },
        { sort: due ? "due" : "missing", text: dueInWords(document["due"]) },
      ];
    }
    case "route":
      return [{ sort: "what", text: t(document["hit"] === "first" ? "flow_route_first" : "flow_route_unique", { n: step.branches.length }) }];
    case "parallel":
      return [{ sort: "what", text: t(document["join"] === "any" ? "flow_join_any" : "flow_join_all", { n: step.branches.length }) }];
    case "auto":
      return [{ sort: "what", text: localText(document["reason"]) || word("flow_verdict_", text(document["verdict"])) }];
    case "action":
      return [{ sort: "what", text: names.catalogue.actions.find((each) => each.name === document["do"])?.label ?? text(document["do"]) }];
    case "notify":
      return [{ sort: "who", text: whoInWords(document["to"], names) || t("flow_who_nothing") }];
    case "wait":
      return [{ sort: "due", text: waitInWords(document, names) }];
    default:
      return [{ sort: "what", text: step.kind }];
  }
}

export function waitInWords(step: JsonObject, names: Names): string {
  if (typeof step["event"] === "string") {
    const limit = step["limit"] === undefined ? "" : inWords(step["limit"]);
    return t(limit ? "flow_wait_event_limit" : "flow_wait_event", { event: step["event"], limit });
  }
  if (typeof step["until"] === "string") return t("flow_wait_until", { field: fieldLabel(step["until"], names) });
  return t("flow_wait_for", { length: inWords(step["for"]) });
}

/** When a branch is taken; of a parallel step nothing. */
export function branchInWords(branch: BranchNode, names: Names): string {
  if (branch.document["otherwise"] === true) return t("flow_otherwise_long");
  return branch.document["when"] === undefined ? "" : conditionInWords(branch.document["when"], names);
}

/** The same for the narrow head of a branch: of a condition over one field only the values, `≥ ¥200.00, < ¥5,000.00`. */
export function branchInShort(branch: BranchNode, names: Names): string {
  const when = branch.document["when"];
  const [key, ...more] = isObject(when) ? Object.keys(when) : [];
  if (key === undefined || more.length > 0 || ["all", "any", "not"].includes(key) || !isObject(when)) return branchInWords(branch, names);
  const test = when[key];
  if (!isObject(test)) return valueInWords(key, test, names);
  const entries = Object.entries(test);
  if (!entries.every(([operator]) => SIGNS[operator])) return branchInWords(branch, names);
  return joined(entries.map(([operator, operand]) => `${SIGNS[operator]} ${valueInWords(key, operand, names)}`));
}

const SIGNS: Readonly<Record<string, string>> = { gt: ">", gte: "≥", lt: "<", lte: "≤", eq: "=", ne: "≠" };

/** What a step needs and what it makes (D24): fields that are read and filled, what an action gets and gives back. */
export function inputsAndOutputs(step: StepNode, names: Names): { inputs: string; outputs: string } {
  const rights = isObject(step.document["fields"]) ? Object.entries(step.document["fields"]) : [];
  const labels = (keys: readonly string[]): string => joined(keys.map((key) => fieldLabel(key, names)));
  const fields = (...wanted: string[]): string[] => rights.filter(([, right]) => wanted.includes(text(right))).map(([key]) => key);
  if (step.kind === "action") return ofAction(step.document, names, labels);
  if (step.kind === "notify") {
    const key = text(step.document["template"]);
    return { inputs: "", outputs: names.catalogue.templates.find((each) => each.key === key)?.name ?? key };
  }
  return { inputs: labels(fields("read")), outputs: labels(fields("edit", "required")) };
}

function ofAction(step: JsonObject, names: Names, labels: (keys: readonly string[]) => string): { inputs: string; outputs: string } {
  const given = isObject(step["with"]) ? Object.values(step["with"]) : [];
  const inputs = given.flatMap((each) => (isObject(each) && typeof each["field"] === "string" ? [each["field"]] : []));
  const outputs = isObject(step["into"]) ? Object.keys(step["into"]) : [];
  return { inputs: joined(inputs.map((key) => fieldLabel(key, names))), outputs: labels(outputs) };
}

/** The values of a problem's example: `Refund amount ¥5,000.00`. */
export function exampleInWords(problem: Problem, names: Names): string {
  const entries = Object.entries(problem.example ?? {});
  return joined(
    entries.map(([key, value]) => {
      const field = key === "submitter" || key === "by" ? t("flow_the_submitter") : fieldLabel(key, names);
      const shown = value === null ? t("flow_blank") : key === "submitter" || key === "by" ? personName(text(value), names) : valueInWords(key, value, names);
      return `${field} ${shown}`;
    }),
  );
}
