/** The builder's words, in English and Chinese side by side: neither can be missing. */

import core from "./core";
import flows from "./flows";
import forms from "./forms";
import publish from "./publish";

/** `[English, Chinese]`. `{name}` is filled in; `"{n} step|{n} steps"` has one form for 1 and one for the rest. */
export type Words = Readonly<Record<string, readonly [en: string, zh: string]>>;
export type Language = "en" | "zh_CN";
export type Params = Readonly<Record<string, string | number>>;

const all = { ...core, ...forms, ...flows, ...publish };
export type WordKey = keyof typeof all;
/** The files, for the test that no key stands in two of them. */
export const files = { core, forms, flows, publish };

let language: Language = "en";

export function setLanguage(wanted: string): void {
  language = wanted.startsWith("zh") ? "zh_CN" : "en";
}

export function currentLanguage(): Language {
  return language;
}

export function isWord(key: string): key is WordKey {
  return Object.hasOwn(all, key);
}

/** The words of `key` in the person's language, or in that which is asked for. */
export function t(key: WordKey, params: Params = {}, wanted: Language = language): string {
  const [en, zh] = all[key] as readonly [string, string];
  const forms = (wanted === "en" ? en : zh).split("|");
  const form = forms.length > 1 && params["n"] !== 1 ? forms[1] : forms[0];
  return (form ?? "").replace(/\{(\w+)\}/g, (hole, name: string) => String(params[name] ?? hole));
}
