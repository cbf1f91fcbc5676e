/** The flowchart as a picture of its own (D24): SVG text with colours and fonts inside, and PNG made of it. */

import { t } from "../words";
import { type Box, layout, type Layout } from "./layout";
import { branchInShort, branchTitle, inputsAndOutputs, kindOf, linesOf, type Names, stepTitle } from "./saying";
import type { StepNode } from "./tree";

/** One line of a card: `name` is said before it, in small letters. */
interface Row {
  readonly name: string;
  readonly text: string;
}

const LINE = 17;
const TOP = 44;
const BOTTOM = 10;
const TITLE_HEIGHT = 64;
const CHARS = 36;
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif";
const INK = { text: "#15211f", soft: "#4f5e5b", line: "#7f8d8a", edge: "#b9c5c2", card: "#ffffff", head: "#eef4f3", accent: "#0f766e", page: "#ffffff" };

/** The whole flow, nothing collapsed, with owner, inputs, outputs and time of each step. */
export function drawing(names: Names, title: string): { svg: string; width: number; height: number } {
  const heights = new Map<string, readonly string[][]>();
  const rows = (step: StepNode): readonly string[][] => {
    const known = heights.get(step.key) ?? rowsOf(step, names).map((row) => wrapped(row.name ? `${row.name}: ${row.text}` : row.text));
    heights.set(step.key, known);
    return known;
  };
  const height = (step: StepNode): number => TOP + rows(step).flat().length * LINE + BOTTOM;
  const picture = layout(names.tree, { height, isCollapsed: () => false });
  const width = Math.max(picture.width, 480);
  const total = picture.height + TITLE_HEIGHT;
  const shift = (width - picture.width) / 2;
  const body = [
    `<g transform="translate(${shift} ${TITLE_HEIGHT})">`,
    ...linesIn(picture),
    ...picture.boxes.map((box) => boxed(box, rows, names)),
    "</g>",
  ].join("");
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" viewBox="0 0 ${width} ${total}" font-family="${FONT}">`,
    `<title>${escaped(title)}</title><rect width="${width}" height="${total}" fill="${INK.page}"/>`,
    written(title, width / 2, 38, { size: 20, weight: 600, anchor: "middle" }),
    body,
    "</svg>",
  ].join("");
  return { svg, width, height: total };
}

/** What the drawing and the print say of a step. */
export function rowsOf(step: StepNode, names: Names): readonly Row[] {
  const lines = linesOf(step, names).map((line): Row => ({
    name: line.sort === "who" || (line.sort === "missing" && line === linesOf(step, names)[0]) ? t("flow_owner_of_step") : line.sort === "due" ? t("flow_time") : "",
    text: line.text,
  }));
  const { inputs, outputs } = inputsAndOutputs(step, names);
  return [
    ...lines,
    ...(inputs ? [{ name: t("flow_inputs"), text: inputs }] : []),
    ...(outputs ? [{ name: t("flow_outputs"), text: outputs }] : []),
  ];
}

function linesIn({ lines }: Layout): string[] {
  return lines.map(({ d, dead }) => `<path d="${d}" fill="none" stroke="${INK.line}" stroke-width="1.5"${dead ? ' stroke-dasharray="3 4"' : ""}/>`);
}

function boxed(box: Box, rows: (step: StepNode) => readonly string[][], names: Names): string {
  if (box.step !== null) return card(box, box.step, rows(box.step));
  const lines = box.branch === null
    ? [t(box.sort === "start" ? "flow_start" : "flow_end")]
    : [branchTitle(box.branch), clipped(branchInShort(box.branch, names), CHARS - 4)];
  const round = box.branch === null ? box.height / 2 : 8;
  return frame(box, round, INK.head) + lines.filter(Boolean).map((line, index) =>
    written(line, box.x + box.width / 2, box.y + (lines[1] ? 20 : box.height / 2 + 5) + index * LINE, {
      size: index === 0 ? 13 : 11.5, weight: index === 0 ? 600 : 400, anchor: "middle", soft: index > 0,
    })).join("");
}

function card(box: Box, step: StepNode, rows: readonly string[][]): string {
  const x = box.x + 14;
  const bar = `<rect x="${box.x}" y="${box.y + 8}" width="3" height="${box.height - 16}" rx="1.5" fill="${INK.accent}"/>`;
  return frame(box, 8, INK.card) + bar
    + written(kindOf(step), x, box.y + 17, { size: 10.5, weight: 400, soft: true })
    + written(clipped(stepTitle(step), CHARS - 6), x, box.y + 34, { size: 13.5, weight: 600 })
    + rows.flat().map((line, index) => written(line, x, box.y + TOP + 10 + index * LINE, { size: 11.5, weight: 400, soft: true })).join("");
}

function frame({ x, y, width, height }: Box, round: number, fill: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${round}" fill="${fill}" stroke="${INK.edge}"/>`;
}

interface Type {
  readonly size: number;
  readonly weight: number;
  readonly anchor?: "middle";
  readonly soft?: boolean;
}

function written(text: string, x: number, y: number, { size, weight, anchor, soft }: Type): string {
  const middle = anchor === undefined ? "" : ` text-anchor="${anchor}"`;
  return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" fill="${soft ? INK.soft : INK.text}"${middle}>${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** A Chinese character is as wide as two Latin ones. */
function widthOf(text: string): number {
  return [...text].reduce((sum, sign) => sum + (/[\u2e80-\uffff]/.test(sign) ? 2 : 1), 0);
}

function clipped(text: string, most: number): string {
  if (widthOf(text) <= most) return text;
  let short = "";
  for (const sign of text) {
    if (widthOf(short + sign) > most - 1) break;
    short += sign;
  }
  return `${short}…`;
}

/** At most three lines, cut between words where there are any. */
function wrapped(text: string, most = CHARS, lines = 3): string[] {
  const found: string[] = [];
  let line = "";
  for (const part of text.split(/(?<=\s)|(?<=[\u2e80-\uffff])/u)) {
    if (line && widthOf(line + part.trimEnd()) > most) {
      found.push(line.trimEnd());
      line = "";
    }
    line += part;
  }
  found.push(line.trimEnd());
  if (found.length <= lines) return found.map((each) => clipped(each, most + 2));
  return [...found.slice(0, lines - 1), clipped(found.slice(lines - 1).join(" "), most)];
}

/** The SVG drawn on a canvas, twice as fine. */
export async function asPng({ svg, width, height }: ReturnType<typeof drawing>): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const scale = Math.min(2, 12_000 / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png"));
}

