import { beforeEach, describe, expect, it } from "vitest";
import { apply } from "../model/edits";
import { at, type Json, type JsonObject, type Path } from "../model/json";
import { setLanguage } from "../words";
import { copied, type Direction, duplicated, moveBy, moveTo, pasteBranch, pasteSteps, readClip, removal } from "./moving";
import { broken, references, renameStep } from "./references";
import { readTree, walk } from "./tree";

beforeEach(() => setLanguage("en"));

const step = (id: string, more: JsonObject = {}): JsonObject => ({ id, kind: "approve", who: [{ manager: 1 }], ...more });
const branch = (id: string, ...steps: JsonObject[]): JsonObject => ({ id, when: { amount: { gt: "1" } }, steps });
const route = (id: string, ...branches: JsonObject[]): JsonObject => ({ id, kind: "route", branches });
const FLOW = (): JsonObject => ({
  form: "refund",
  steps: [step("a"), route("r", branch("x", step("b"), step("c")), branch("y", step("d"))), step("e", { return_to: ["start", "a", "b"], nobody: [{ approver_of: "d" }] })],
  cases: [{ name: "one", by: "amy", values: {}, expect: { route: ["a", "b"], people: { b: ["li"] } } }],
});

/** `a r(x:b c|y:d) e`. */
function told(document: Json): string {
  const list = (steps: Json | undefined): string =>
    (steps as JsonObject[]).map((each) => {
      const inner = each["branches"] as JsonObject[] | undefined;
      return inner ? `${each["id"]}(${inner.map((one) => `${one["id"]}:${list(one["steps"])}`).join("|")})` : String(each["id"]);
    }).join(" ");
  return list(at(document, ["steps"]));
}

function pathOf(document: Json, key: string): Path {
  const found = readTree(document).byKey.get(key);
  if (!found) throw new Error(key);
  return found.path;
}

describe("moving by keys", () => {
  it.each<[string, Direction, string | null]>([
    ["a", "down", "r(x:b c|y:d) a e"],
    ["a", "up", null],
    ["a", "right", "r(x:a b c|y:d) e"],
    ["e", "up", "a e r(x:b c|y:d)"],
    ["e", "left", "a r(x:b c|y:d e)"],
    ["b", "down", "a r(x:c b|y:d) e"],
    ["c", "down", "a r(x:b|y:d) c e"],
    ["b", "up", "a b r(x:c|y:d) e"],
    ["c", "right", "a r(x:b|y:d c) e"],
    ["d", "left", "a r(x:d b c|y:) e"],
    ["d", "right", null],
    ["r/x", "right", "a r(y:d|x:b c) e"],
    ["r/x", "left", null],
  ])("%s %s", (key, direction, expected) => {
    const document = FLOW();
    const moved = moveBy(document, pathOf(document, key), direction);
    if (expected === null) return expect(moved).toBeNull();
    const next = apply(document, moved!.edit);
    expect(told(next)).toBe(expected);
    const there = at(next, moved!.to) as JsonObject;
    expect(there["id"]).toBe(key.split("/").at(-1));
  });
});

it("moves by dragging, and not into itself", () => {
  const document = FLOW();
  const into = moveTo(document, ["steps", 0], ["steps", 1, "branches", 1, "steps", 1]);
  expect(told(apply(document, into!.edit))).toBe("r(x:b c|y:d a) e");
  const down = moveTo(document, ["steps", 0], ["steps", 3]);
  expect(told(apply(document, down!.edit))).toBe("r(x:b c|y:d) e a");
  expect(moveTo(document, ["steps", 1], ["steps", 1, "branches", 0, "steps", 0])).toBeNull();
  expect(moveTo(document, ["steps", 0], ["steps", 1])).toBeNull();
});

it("says what does not lie behind any more", () => {
  const document = FLOW();
  const moved = moveTo(document, ["steps", 2], ["steps", 0]);
  expect(moved!.broken.map((each) => `${each.sort} ${each.target}`)).toEqual(["return_to a", "return_to b", "approver_of d"]);
  expect(broken(document)).toEqual([]);
});

it("pastes with ids of its own, which follow each other", () => {
  const document = FLOW();
  const clip = copied({ ...document, steps: [step("a"), step("b", { return_to: ["a"], fields: { lost: "edit", amount: "read" } })] }, ["steps", 1]);
  const both = { ...clip!, steps: [step("a"), ...clip!.steps] };
  const pasted = pasteSteps(document, both, ["steps", 1, "branches", 1, "steps"], 0, ["amount"]);
  const next = apply(document, pasted.edit);
  expect(told(next)).toBe("a r(x:b c|y:a_2 b_2 d) e");
  expect(at(next, [...pasted.to.slice(0, -1), 1, "return_to"])).toEqual(["a_2"]);
  expect(pasted.unknownFields).toEqual(["lost"]);
  expect([...pasted.renamed]).toEqual([["a", "a_2"], ["b", "b_2"]]);
  expect(pasted.broken).toEqual([]);
});

it("duplicates a step with all that is in it, and a branch", () => {
  const document = FLOW();
  expect(told(apply(document, duplicated(document, pathOf(document, "r"))!.edit))).toBe("a r(x:b c|y:d) r_2(x:b_2 c_2|y:d_2) e");
  expect(told(apply(document, duplicated(document, pathOf(document, "r/y"))!.edit))).toBe("a r(x:b c|y:d|y_2:d_2) e");
});

it("pastes a branch into another sort of step", () => {
  const document: JsonObject = { steps: [route("r", branch("x", step("b"))), { id: "p", kind: "parallel", branches: [] }] };
  const clip = copied(document, pathOf(document, "r/x"))!;
  const tree = readTree(document);
  const next = apply(document, pasteBranch(document, clip, tree.byId.get("p")!, null).edit);
  expect(at(next, ["steps", 1, "branches", 0])).toEqual({ id: "x", steps: [step("b_2")] });
});

it("reads only its own clips", () => {
  const clip = copied(FLOW(), ["steps", 0]);
  expect(readClip(JSON.stringify(clip))).toEqual(clip);
  for (const text of [null, "", "{}", "nonsense", '{"signoff":"steps/1","steps":["no"]}']) expect(readClip(text)).toBeNull();
});

it("removes a step and what may return to it, and says what else speaks of it", () => {
  const document = FLOW();
  const gone = removal(document, pathOf(document, "r"))!;
  const next = apply(document, gone.edit);
  expect(told(next)).toBe("a e");
  expect(gone.inner).toBe(3);
  expect(at(next, ["steps", 1, "return_to"])).toEqual(["start", "a"]);
  expect(gone.broken.map((each) => `${each.sort} ${each.target}`)).toEqual(["approver_of d", "case b", "case_people b"]);
  expect(gone.next).toEqual(["steps", 1]);
  expect(removal(document, ["steps", 2])!.next).toEqual(["steps", 1]);
  const only: JsonObject = { steps: [step("a"), step("b", { return_to: ["a"] })] };
  expect(at(apply(only, removal(only, ["steps", 0])!.edit), ["steps", 0])).toEqual(step("b"));
});

it("renames a step wherever it is spoken of", () => {
  const document = FLOW();
  const tree = readTree(document);
  const next = apply(document, renameStep(document, tree.byId.get("b")!, "check"));
  expect([...walk(readTree(next).steps)].map((each) => each.id)).toEqual(["a", "r", "check", "c", "d", "e"]);
  expect(references(next).filter((each) => each.target === "b")).toEqual([]);
  expect(at(next, ["cases", 0, "expect"])).toEqual({ route: ["a", "check"], people: { check: ["li"] } });
  expect(broken(next)).toEqual([]);
});
