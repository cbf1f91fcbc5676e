import { expect, test } from "vitest";
import { type Keys, knownAt } from "./json_completion";

const keys: Keys = {
  root: "flow",
  objects: {
    flow: { settings: { keys: { withdraw: { words: ["always", "never"] } } }, steps: { list: { by: "kind", of: "step." } } },
    "step.approve": { id: {}, kind: { words: ["approve", "route"] }, mode: { words: ["any"] } },
    "step.route": { id: {}, kind: { words: ["approve", "route"] }, branches: { list: { object: "way" } } },
    way: { when: {}, otherwise: { flag: true }, steps: { list: { by: "kind", of: "step." } } },
  },
};
const document = { steps: [{ kind: "route", branches: [{ steps: [{ kind: "approve" }, {}] }] }] };

test.each<[string, (string | number)[], unknown]>([
  ["the whole", [], { keys: keys.objects["flow"] }],
  ["a word in the settings", ["settings", "withdraw"], { words: ["always", "never"] }],
  ["a step of its kind", ["steps", 0], { keys: keys.objects["step.route"] }],
  ["a branch", ["steps", 0, "branches", 0], { keys: keys.objects["way"] }],
  ["a flag", ["steps", 0, "branches", 0, "otherwise"], { flag: true }],
  ["a step inside a branch", ["steps", 0, "branches", 0, "steps", 0, "mode"], { words: ["any"] }],
  ["a step that has no kind yet", ["steps", 0, "branches", 0, "steps", 1], { keys: { id: {}, kind: { words: ["approve", "route"] } } }],
  ["what nobody described", ["x", 0, "y"], undefined],
])("%s", (_name, path, known) => {
  expect(knownAt(keys, document, path)).toEqual(known);
});
