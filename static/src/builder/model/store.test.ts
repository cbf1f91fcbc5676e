/** The builder as its views use it. */

import { expect, test } from "vitest";
import type { Boot, Problem } from "./boot";
import type { JsonObject } from "./json";
import { createBuilder } from "./store";

const document: JsonObject = { key: "f", title: { en: "Refund", zh: "退款" }, fields: [{ key: "a", label: "A" }, { key: "b", label: "B" }] };
const problem = (path: string, severity: Problem["severity"] = "error"): Problem => ({ path, severity, code: "x", message: path });

function builder(more: Partial<Boot> = {}) {
  let now = 0;
  const boot = { kind: "form", document, problems: [], language: "en", may_change: true, ...more } as unknown as Boot;
  return createBuilder(boot, () => (now += 10_000));
}

test("an edit, undone and done again, and said", () => {
  const made = builder();
  made.edit({ kind: "remove", path: ["fields", 0] });
  expect(made.document.value["fields"]).toHaveLength(1);
  made.undo();
  expect(made.document.value).toEqual(document);
  expect(made.announced.value).toBe("Undone: field “A” removed");
  made.redo();
  expect(made.announced.value).toBe("Done again: field “A” removed");
  expect([made.canUndo.value, made.canRedo.value]).toEqual([true, false]);
});

test("the selection and the problems follow what they are about", () => {
  const made = builder({ problems: [problem("/fields/1/label"), problem("/fields/0")] });
  made.selection.value = ["fields", 1];
  made.edit({ kind: "remove", path: ["fields", 0] });
  expect(made.selection.value).toEqual(["fields", 0]);
  expect(made.problems.value.map((each) => each.path)).toEqual(["/fields/0/label"]);
  expect(made.problemsAt(["fields", 0]).length).toBe(0);
  expect(made.problemsAt(["fields", 0], true).length).toBe(1);
  expect(made.problemsAt([], true).length).toBe(1);
  made.edit({ kind: "remove", path: ["fields", 0] });
  expect(made.selection.value).toBeNull();
});

test("another document is taken over as few edits, so that one undo takes it back", () => {
  const made = builder();
  made.selection.value = ["fields", 1];
  made.become({ ...document, fields: [{ key: "b", label: "Bee" }] });
  expect(made.selection.value).toEqual(["fields", 0]);
  made.undo();
  expect(made.document.value).toEqual(document);
});

test("who may only read changes nothing", () => {
  const made = builder({ may_change: false });
  made.edit({ kind: "remove", path: ["fields", 0] });
  expect(made.document.value).toBe(document);
  expect(made.readonly).toBe(true);
});

test("texts and announcements", () => {
  const made = builder({ language: "zh_CN" });
  expect(made.text(document["title"])).toBe("退款");
  made.announce("x");
  const first = made.announced.value;
  made.announce("x");
  expect(made.announced.value).not.toBe(first); // else a screen reader would keep silent
});
