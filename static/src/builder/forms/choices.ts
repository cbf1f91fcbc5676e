/** Choices pasted as a list: one a line, with tabs or bars between the label, the other language's label and the key. */

import { isObject, type Json } from "../model/json";
import { keyOf } from "./keys";
import { listOf } from "./outline";

const HAN = /\p{Script=Han}/u;
const KEY = /^[a-z][a-z0-9_]{0,62}$/;

/** The choices of a text; values of `known` labels stay, so that records keep what was chosen. */
export function choicesOf(text: string, known: Json | undefined = []): Json[] {
  const rows = text.split(/\r\n?|\n/).map(cellsOf).filter((cells) => cells.length > 0);
  const before = new Map(listOf(known).flatMap((choice) => labelsOf(choice).map((label) => [label, choice] as const)));
  const taken = new Set<string>();
  return rows.map((cells) => choice(cells, before, taken));
}

/** The text that would give these choices again. */
export function textOfChoices(choices: Json | undefined): string {
  return listOf(choices)
    .flatMap((choice) => {
      if (!isObject(choice)) return [];
      const label = choice["label"] ?? choice["value"] ?? "";
      const texts = isObject(label) ? [label["en"], label["zh"]] : [label];
      return [[...texts.filter((each) => typeof each === "string" && each), choice["value"]].join(" | ")];
    })
    .join("\n");
}

/** A choice with a value that none of the others has. */
export function freshChoice(choices: Json | undefined, label: Json): Json {
  const taken = new Set(listOf(choices).map((choice) => (isObject(choice) ? String(choice["value"]) : "")));
  return { value: freshValue("option_1", taken), label };
}

function choice(cells: readonly string[], before: ReadonlyMap<string, Json>, taken: Set<string>): Json {
  const last = cells.at(-1) ?? "";
  const hasKey = cells.length > 1 && KEY.test(last) && (cells.length > 2 || !HAN.test(last));
  const labels = hasKey ? cells.slice(0, -1) : cells;
  const old = labels.map((label) => before.get(label)).find(isObject);
  const kept = typeof old?.["value"] === "string" ? old["value"] : undefined;
  const latin = labels.find((label) => !HAN.test(label)) ?? "";
  const wanted = hasKey ? last : (kept ?? (keyOf(latin) || "option_1"));
  const value = freshValue(wanted, taken);
  taken.add(value);
  return { ...old, value, label: labels.length === 1 && old && kept === value ? (old["label"] ?? labelOf(labels)) : labelOf(labels) };
}

/** Of two labels, that with Chinese characters is the Chinese one, wherever it stands; else the second. */
function labelOf(labels: readonly string[]): Json {
  const [first = "", second] = labels;
  if (second === undefined) return HAN.test(first) ? { zh: first } : { en: first };
  return HAN.test(first) && !HAN.test(second) ? { en: second, zh: first } : { en: first, zh: second };
}

function cellsOf(line: string): string[] {
  const plain = line.replace(/^\s*(?:[-*•]|\d+[.)、])\s+/, "");
  return plain.split(/\t|[|｜]/).map((cell) => cell.trim()).filter(Boolean);
}

function labelsOf(choice: Json): string[] {
  if (!isObject(choice)) return [];
  const label = choice["label"] ?? choice["value"];
  return (isObject(label) ? Object.values(label) : [label]).filter((each) => typeof each === "string");
}

function freshValue(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  const stem = wanted.replace(/_\d+$/, "");
  for (let number = 2; ; number++) if (!taken.has(`${stem}_${number}`)) return `${stem}_${number}`;
}
