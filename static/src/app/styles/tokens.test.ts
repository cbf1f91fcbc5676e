/** Every pair of text and ground that the styles use can be read: WCAG 2.2 AA, in light and dark. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync("static/src/app/styles/tokens.css", "utf8");

function tokens(theme: "light" | "dark"): Map<string, string> {
  const block = new RegExp(`\\[data-bs-theme="${theme}"\\] \\{([^}]*--bg[^}]*)\\}`).exec(css);
  return new Map([...(block?.[1] ?? "").matchAll(/(--[\w-]+): (#[0-9a-f]{6});/g)].map((each) => [each[1]!, each[2]!]));
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const grounds = ["bg", "surface", "surface-2"];
const pairs: [text: string, ground: string, least: number][] = [
  ...["text", "text-2", "accent", "danger"].flatMap((text) => grounds.map((on): [string, string, number] => [text, on, 4.5])),
  ...grounds.map((on): [string, string, number] => ["text-3", on, 4.5]),
  ...["info", "success", "warning", "danger", "neutral"].map((kind): [string, string, number] => [kind, `${kind}-soft`, 4.5]),
  ...["info", "success", "warning", "danger", "accent"].map((kind): [string, string, number] => ["text", `${kind}-soft`, 4.5]),
  ["accent-strong", "accent-soft", 4.5],
  ["on-accent", "accent", 4.5],
  ["on-accent", "accent-strong", 4.5],
  ["on-danger", "danger", 4.5],
  ["on-danger", "danger-strong", 4.5],
  ["line-strong", "surface", 3],
  ...[0, 1, 2, 3, 4, 5].map((round): [string, string, number] => ["text", `round-${round}`, 4.5]),
];

for (const theme of ["light", "dark"] as const) {
  const colours = tokens(theme);
  test.each(pairs)(`${theme}: %s on %s has at least %d`, (text, ground, least) => {
    expect(contrast(colours.get(`--${text}`)!, colours.get(`--${ground}`)!)).toBeGreaterThanOrEqual(least);
  });
}
