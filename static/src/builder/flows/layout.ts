/** Where everything of a flow stands in its picture: on the screen, in print and in the files that are exported. */

import type { Path } from "../model/json";
import { type BranchNode, isBranching, type StepNode, type Tree } from "./tree";

export const CARD = 248;
export const HEAD = 216;
export const HEAD_HEIGHT = 50;
/** The line between two steps; its "+" stands in the middle. */
export const LINK = 44;
/** From a branching step to the heads of its branches, and from their ends to where they come together. */
const FAN = 40;
const JOIN = 22;
const GAP = 28;
const MARGIN = 24;
const TERMINAL_WIDTH = 200;
const TERMINAL_HEIGHT = 36;
const CURVE = 10;

export interface Box {
  readonly key: string;
  readonly sort: "start" | "step" | "branch" | "end";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** How many branches lie around it; for screen readers. */
  readonly level: number;
  readonly step: StepNode | null;
  readonly branch: BranchNode | null;
  readonly collapsed: boolean;
}

/** A place at which a step can be inserted, or (`branches`) a branch. */
export interface Place {
  readonly key: string;
  readonly x: number;
  readonly y: number;
  /** The path of the list, and the index in it. */
  readonly list: Path;
  readonly index: number;
  readonly sort: "step" | "branch";
}

export interface Line {
  readonly key: string;
  readonly d: string;
  /** Behind a rejection by rule: nothing comes along here. */
  readonly dead: boolean;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly places: readonly Place[];
  readonly lines: readonly Line[];
}

export interface Measures {
  /** How high the card of a step is. */
  height(step: StepNode): number;
  isCollapsed(key: string): boolean;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The picture of a flow, from its start to its end. */
export function layout(tree: Tree, measures: Measures): Layout {
  return new Drawing(measures).whole(tree);
}

class Drawing {
  private readonly boxes: Box[] = [];
  private readonly places: Place[] = [];
  private readonly lines: Line[] = [];
  private readonly sizes = new Map<StepNode | BranchNode, Size>();

  constructor(private readonly measures: Measures) {}

  whole(tree: Tree): Layout {
    const size = this.list(tree.steps);
    const width = Math.max(size.width, TERMINAL_WIDTH) + 2 * MARGIN;
    const axis = width / 2;
    this.terminal("start", axis, MARGIN);
    const top = MARGIN + TERMINAL_HEIGHT;
    this.placeList(tree.steps, ["steps"], axis, top, 1);
    const bottom = top + size.height;
    this.terminal("end", axis, bottom);
    return {
      width,
      height: bottom + TERMINAL_HEIGHT + MARGIN,
      boxes: this.boxes,
      places: this.places,
      lines: this.lines,
    };
  }

  private terminal(sort: "start" | "end", axis: number, y: number): void {
    const at = { x: axis - TERMINAL_WIDTH / 2, y, width: TERMINAL_WIDTH, height: TERMINAL_HEIGHT };
    this.boxes.push({ key: `.${sort}`, sort, ...at, level: 1, step: null, branch: null, collapsed: false });
  }

  // How much room everything takes, from the inside out.

  private list(steps: readonly StepNode[]): Size {
    const sizes = steps.map((step) => this.step(step));
    return {
      width: Math.max(CARD, ...sizes.map((size) => size.width)),
      height: LINK + sizes.reduce((sum, size) => sum + size.height + LINK, 0),
    };
  }

  private step(step: StepNode): Size {
    const height = this.measures.height(step);
    const size = this.isOpen(step) ? this.branching(step, height) : { width: CARD, height };
    this.sizes.set(step, size);
    return size;
  }

  private isOpen(step: StepNode): boolean {
    return step.branches.length > 0 && isBranching(step) && !this.measures.isCollapsed(step.key);
  }

  private branching(step: StepNode, height: number): Size {
    const sizes = step.branches.map((branch) => this.branch(branch));
    const width = sizes.reduce((sum, size) => sum + size.width, GAP * (sizes.length - 1));
    return { width: Math.max(CARD, width), height: height + FAN + Math.max(...sizes.map((size) => size.height)) + JOIN };
  }

  private branch(branch: BranchNode): Size {
    const inner = this.measures.isCollapsed(branch.key) ? { width: HEAD, height: 0 } : this.list(branch.steps);
    const size = { width: Math.max(HEAD, inner.width), height: HEAD_HEIGHT + inner.height };
    this.sizes.set(branch, size);
    return size;
  }

  // Where it stands, from the top down.

  /** @returns whether a request gets past the last of them. */
  private placeList(steps: readonly StepNode[], list: Path, axis: number, top: number, level: number): boolean {
    let y = top;
    let alive = true;
    steps.forEach((step, index) => {
      y = this.link(list, Number(step.path.at(-1)), axis, y, alive, index);
      const passes = this.placeStep(step, axis, y, level);
      alive = alive && passes;
      y += this.sizes.get(step)?.height ?? 0;
    });
    this.link(list, steps.length === 0 ? 0 : Number(steps.at(-1)?.path.at(-1)) + 1, axis, y, alive, steps.length);
    return alive;
  }

  private link(list: Path, index: number, axis: number, y: number, alive: boolean, number: number): number {
    const key = `${list.join("/")}/${number}`;
    this.lines.push({ key, d: `M${axis} ${y}V${y + LINK}`, dead: !alive });
    this.places.push({ key, x: axis, y: y + LINK / 2, list, index, sort: "step" });
    return y + LINK;
  }

  private placeStep(step: StepNode, axis: number, y: number, level: number): boolean {
    const height = this.measures.height(step);
    const open = this.isOpen(step);
    this.boxes.push({
      key: step.key, sort: "step", x: axis - CARD / 2, y, width: CARD, height, level, step, branch: null,
      collapsed: step.branches.length > 0 && !open,
    });
    if (open) return this.placeBranches(step, axis, y + height, level);
    return !(step.kind === "auto" && step.document["verdict"] === "reject");
  }

  private placeBranches(step: StepNode, axis: number, y: number, level: number): boolean {
    const sizes = step.branches.map((branch) => this.sizes.get(branch) ?? { width: HEAD, height: HEAD_HEIGHT });
    const total = sizes.reduce((sum, size) => sum + size.width, GAP * (sizes.length - 1));
    const tallest = Math.max(...sizes.map((size) => size.height));
    const bottom = y + FAN + tallest + JOIN;
    const list = [...step.path, "branches"];
    let left = axis - total / 2;
    let alive = false;
    step.branches.forEach((branch, index) => {
      const size = sizes[index] as Size;
      const middle = left + size.width / 2;
      this.lines.push({ key: `${branch.key}:in`, d: down(axis, y, middle, y + FAN, FAN / 2), dead: false });
      const passes = this.placeBranch(branch, middle, y + FAN, level + 1);
      alive = alive || passes;
      const end = y + FAN + size.height;
      this.lines.push({ key: `${branch.key}:out`, d: down(middle, end, axis, bottom, bottom - end - JOIN / 2), dead: !passes });
      left += size.width + GAP;
    });
    this.places.push({ key: `${step.key}:branches`, x: axis, y: y + FAN / 2, list, index: step.branches.length, sort: "branch" });
    return alive;
  }

  private placeBranch(branch: BranchNode, axis: number, y: number, level: number): boolean {
    const collapsed = this.measures.isCollapsed(branch.key);
    this.boxes.push({
      key: branch.key, sort: "branch", x: axis - HEAD / 2, y, width: HEAD, height: HEAD_HEIGHT, level, step: null, branch,
      collapsed: collapsed && branch.steps.length > 0,
    });
    if (collapsed) return true;
    return this.placeList(branch.steps, [...branch.path, "steps"], axis, y + HEAD_HEIGHT, level + 1);
  }
}

/** A line down, across and down again, with round corners; it goes across after `drop`. */
function down(x1: number, y1: number, x2: number, y2: number, drop: number): string {
  if (Math.abs(x1 - x2) < 0.5) return `M${x1} ${y1}V${y2}`;
  const bend = y1 + drop;
  const curve = Math.min(CURVE, Math.abs(x2 - x1) / 2, drop, y2 - bend);
  const side = x2 > x1 ? curve : -curve;
  return `M${x1} ${y1}V${bend - curve}Q${x1} ${bend} ${x1 + side} ${bend}H${x2 - side}Q${x2} ${bend} ${x2} ${bend + curve}V${y2}`;
}
