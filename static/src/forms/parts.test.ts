import { describe, expect, test } from "vitest";
import { holds } from "./conditions";
import { Form, type Now, type Program } from "./following";
import { Known, Parts, read } from "./values";

const asked = (operand: string) => ({ test: "list", op: "contains" as const, operand: { text: operand } });

describe("a field made of others", () => {
  const values = new Known(new Map([["list", new Parts(new Set(["photos"]))]]));

  test("contains what is filled in", () => {
    expect([holds(asked("photos"), values), holds(asked("ticket"), values)]).toEqual([true, false]);
    expect(holds(asked("photos"), new Known(new Map()))).toBe(false);
    expect(holds({ test: "list", op: "empty", operand: { boolean: false } }, values)).toBe(true);
    expect(read({ parts: ["photos"] })).toEqual(new Parts(new Set(["photos"])));
  });

  const none = { show: {}, hide: {}, readonly: {}, require: {}, set: {} };
  const program: Program = {
    language: "en",
    fields: {
      kind: { type: "choice", base: "choice", required: false, choices: [["a", "A"], ["b", "B"]] },
      list: { type: "list", base: "json", required: false, parts: { photos: "files", ticket: "text", seen: "boolean" } },
      note: { type: "text", base: "text", required: false },
    },
    order: ["kind", "list", "note"],
    computed: {},
    rules: {
      ...none,
      show: { "list.photos": [{ test: "kind", op: "eq", operand: { text: "a" } }], note: [asked("photos")] },
      require: { note: [asked("seen")] },
      rows: none,
    },
    in_turn: {},
    checks: [],
    words: { required: "", min: "", max: "", rows: "", number: "" },
  };
  const now: Now = { fresh: true, judged: true, at: "2026-03-01T00:00:00Z", zone: "UTC", shown: "UTC", facts: {}, fixed: {}, kept: {} };

  test.each([
    ["a", "id", "", true, false],
    ["b", "id", "", false, false],
    ["a", "", "true", false, true],
    ["a", "id", "false", true, false],
  ])("shows and asks at once: kind %s, photos %j, seen %j", (kind, photos, seen, shown, required) => {
    const sent = new Map([["f-kind", [kind]], ["f-list", ["1"]], ["f-list-photos", [photos]], ["f-list-ticket", [" "]], ["f-list-seen", ["", seen]]]);
    const { visible, required: needed } = new Form(program, now).follow(sent);
    expect([visible.get("list.photos"), visible.get("note"), needed.get("note")]).toEqual([kind === "a", shown, required && shown]);
  });
});
