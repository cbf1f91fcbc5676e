/** Run by tests with node: answers the cases that Python wrote, so that both evaluators can be compared.
 *
 * node agreement.mjs ASKED.json ANSWERED.json
 */

import { readFileSync, writeFileSync } from "node:fs";
import { type Condition, holds } from "./conditions";
import { Form, type Now, type Program } from "./following";
import { evaluate, type Tree, weekdays } from "./formulas";
import { Known, Moment, read, type Typed, write } from "./values";

interface Asked {
  now: string;
  zone: string;
  worlds: Record<string, Typed>[];
  formulas: [world: number, tree: Tree][];
  conditions: [world: number, condition: Condition][];
  forms: { program: Program; now: Now; sent: [name: string, texts: string[]][] }[];
}

/** What the script says of each form: by word, what it knows. */
type Said = Record<string, Record<string, unknown>>;

function followed({ program, now, sent }: Asked["forms"][number]): Said {
  const said = new Form(program, now).follow(new Map(sent), new Map(sent.filter(([name]) => name.endsWith("-id")).map(([name, texts]) => [name, texts[0] ?? ""])));
  return Object.fromEntries(Object.entries(said).map(([word, found]) => [word, Object.fromEntries(found as Map<string, unknown>)]));
}

export function answer(asked: Asked): { formulas: Typed[]; conditions: boolean[]; forms: Said[] } {
  const now = Moment.read(asked.now) ?? new Moment(0);
  const worlds = asked.worlds.map((world) => new Known(new Map(Object.entries(world).map(([key, value]) => [key, read(value)]))));
  const of = (world: number): Known => worlds[world] ?? new Known(new Map());
  return {
    formulas: asked.formulas.map(([world, tree]) => write(evaluate(tree, { values: of(world), now, zone: asked.zone, workingDays: weekdays }))),
    conditions: asked.conditions.map(([world, condition]) => holds(condition, of(world))),
    forms: asked.forms.map(followed),
  };
}

const [, , from, to] = process.argv;
if (from && to) writeFileSync(to, JSON.stringify(answer(JSON.parse(readFileSync(from, "utf8")) as Asked)));
