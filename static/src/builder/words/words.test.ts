/** The builder speaks both languages everywhere. */

import { expect, test } from "vitest";
import { files, setLanguage, t, type Words } from ".";

const sheets = Object.entries(files) as [string, Words][];
const entries = sheets.flatMap(([file, words]) => Object.entries(words).map(([key, [en, zh]]) => ({ file, key, en, zh })));

test("no key stands in two files", () => {
  const keys = entries.map(({ key }) => key);
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
});

test("nothing is left empty, and both languages fill in the same", () => {
  const holes = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].filter((hole) => hole !== "{n}").sort();
  for (const { file, key, en, zh } of entries) {
    expect(en.trim() && zh.trim(), `${file}: ${key}`).not.toBe("");
    expect(holes(zh), `${file}: ${key}`).toEqual(holes(en));
  }
});

test("what is Chinese is written so", () => {
  const latin = entries.filter(({ en, zh }) => en === zh && /[A-Za-z]{4,}/.test(en.replace(/\{\w+\}|JSON|CSV|XLSX|PNG|SVG/g, "")));
  expect(latin.map(({ key }) => key)).toEqual([]);
});

test("one and many, in the person's language", () => {
  expect(t("edit_and_more", { what: "a", n: 1 })).toBe("a, and 1 more change");
  setLanguage("zh_CN");
  expect(t("edit_and_more", { what: "a", n: 2 })).toBe("a，另有 2 处改动");
  setLanguage("en");
});
