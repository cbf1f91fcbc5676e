import { expect, test } from "vitest";
import { apply, type Edit } from "./edits";
import { begin, did, type History, PAUSE, redone, undone } from "./history";
import type { Json } from "./json";

const start: Json = { title: "A", steps: [] };
const typed = (value: string): Edit => ({ kind: "set", path: ["title"], value });

function back(history: History): History {
  const found = undone(history);
  if (!found) throw new Error("There is nothing to take back.");
  return found[0];
}

test("typing in one field is taken back at once, a pause divides it", () => {
  let history = begin(start);
  for (const [index, text] of ["Ab", "Abc", "Abcd"].entries()) history = did(history, typed(text), index * 100, "title");
  history = did(history, typed("Abcde"), 300 + PAUSE, "title");
  expect(history.done.length).toBe(2);
  history = back(history);
  expect(history.document).toEqual({ title: "Abcd", steps: [] });
  history = back(history);
  expect(history.document).toBe(start);
  expect(undone(history)).toBeNull();
});

test("what was merged can be taken back by its inverse too", () => {
  let history = begin(start);
  history = did(history, { kind: "insert", path: ["steps", 0], value: 1 }, 0, "x");
  history = did(history, { kind: "insert", path: ["steps", 0], value: 2 }, 1, "x");
  const [last] = history.done;
  expect(last && apply(history.document, last.back)).toEqual(start);
  expect(last && apply(start, last.edit)).toEqual(history.document);
});

test("what is undone can be done again until something else is done", () => {
  let history = did(begin(start), typed("B"), 0);
  const after = history.document;
  history = back(history);
  const again = redone(history);
  expect(again?.[0].document).toEqual(after);
  history = did(history, typed("C"), 1);
  expect(redone(history)).toBeNull();
});

test("typing after an undo begins anew", () => {
  let history = did(did(begin(start), typed("B"), 0, "title"), typed("C"), PAUSE + 1, "title");
  history = did(back(history), typed("D"), PAUSE + 2, "title");
  expect(history.done.length).toBe(2);
});

test("nothing done is nothing to take back", () => {
  const history = begin(start);
  expect(did(history, { kind: "many", edits: [] }, 0)).toBe(history);
});
