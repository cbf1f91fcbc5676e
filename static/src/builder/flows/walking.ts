/** Walking over the tree with arrows: up and down along it, left and right between branches. */

import type { Box } from "./layout";
import type { BranchNode } from "./tree";

/** The key of the next card, `expand` or `collapse` for the card itself, `null` where there is no way. */
export function walkBy(boxes: readonly Box[], from: Box, direction: "up" | "down" | "left" | "right"): string | null {
  const place = boxes.indexOf(from);
  if (direction === "up") return boxes[place - 1]?.key ?? null;
  if (direction === "down") return boxes[place + 1]?.key ?? null;
  const branch = from.branch ?? from.step?.parent ?? null;
  if (direction === "right") return toTheRight(boxes, from, branch);
  return toTheLeft(boxes, from, branch);
}

function toTheRight(boxes: readonly Box[], from: Box, branch: BranchNode | null): string | null {
  if (from.collapsed) return "expand";
  const first = from.step?.branches[0];
  if (first && boxes.some((box) => box.key === first.key)) return first.key;
  return beside(branch, 1);
}

function toTheLeft(boxes: readonly Box[], from: Box, branch: BranchNode | null): string | null {
  const isOpen = from.step !== null && from.step.branches.length > 0 && !from.collapsed;
  const other = beside(branch, -1);
  if (other !== null && boxes.some((box) => box.key === other)) return other;
  if (from.branch) return from.branch.step.key;
  if (isOpen && branch === null) return "collapse";
  return branch?.key ?? null;
}

function beside(branch: BranchNode | null, by: 1 | -1): string | null {
  if (branch === null) return null;
  const { branches } = branch.step;
  return branches[branches.indexOf(branch) + by]?.key ?? null;
}
