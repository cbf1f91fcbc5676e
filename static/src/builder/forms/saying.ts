/** A rule in a sentence, for its card and for screen readers. */

import { conditionInWords, type Names } from "../flows/saying";
import { isObject, type Json, type JsonObject } from "../model/json";
import type { Builder } from "../model/store";
import { t, type WordKey } from "../words";
import { listOf, textOf } from "./outline";
import { EFFECTS } from "./rules";
import type { Working } from "./working";

export function ruleInWords(rule: JsonObject, builder: Builder, { nameOf }: Working): string {
  const named = (list: Json | undefined): string => listOf(list).map((name) => nameOf(textOf(name))).join(t("use_comma"));
  const parts = EFFECTS.filter((effect) => listOf(rule[effect]).length > 0).map((effect) => t("rule_effect_said", { what: t(`rule_${effect}` as WordKey), fields: named(rule[effect]) }));
  if (isObject(rule["set"])) parts.push(...Object.entries(rule["set"]).map(([key, formula]) => t("rule_set_said", { field: nameOf(key), formula: textOf(formula) })));
  if (rule["check"] !== undefined) parts.push(t("rule_check_said", { what: question(rule["check"], builder) }));
  const duplicate = rule["duplicate"];
  if (isObject(duplicate)) parts.push(t("rule_duplicate_said", { fields: named(duplicate["fields"]) }));
  const does = parts.join(t("use_comma"));
  const when = rule["when"];
  const always = when === undefined || (isObject(when) && Object.keys(when).length === 0);
  return always ? does : t("rule_when_said", { when: question(when, builder), does });
}

function question(question: Json | undefined, builder: Builder): string {
  if (typeof question === "string") return question;
  // conditions name fields alone: no step of a flow stands in them
  const names = { catalogue: builder.boot.catalogue, form: builder.document.value } as unknown as Names;
  return conditionInWords(question, names);
}
