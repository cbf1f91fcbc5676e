/** Dragging a card onto a "+": with a mouse or a pen at once, with a finger after holding it. */

import { onScopeDispose, type Ref, ref, shallowRef } from "vue";
import type { Flow, Node } from "./flow";
import type { Layout, Place } from "./layout";
import { isStep } from "./tree";
import { isWithin, type Path } from "../model/json";

const STARTS_AFTER = 6;
const HELD_MS = 350;
const REACH = 90;
const EDGE = 48;

interface Drag {
  readonly node: Node;
  readonly x: number;
  readonly y: number;
  started: boolean;
}

export interface Dragging {
  /** The key of the place under the pointer. */
  readonly over: Readonly<Ref<string | null>>;
  readonly ghost: Readonly<Ref<{ x: number; y: number; title: string } | null>>;
  down(event: PointerEvent): void;
  /** While a finger drags a card the page does not scroll. */
  hold(event: Event): void;
}

export function useDragging(flow: Flow, canvas: Ref<HTMLElement | undefined>, picture: Readonly<Ref<Layout>>, zoom: Ref<number>): Dragging {
  const over = ref<string | null>(null);
  const ghost = shallowRef<{ x: number; y: number; title: string } | null>(null);
  let drag: Drag | null = null;
  let target: Path | null = null;
  let timer = 0;

  function down(event: PointerEvent): void {
    const card = (event.target as Element).closest<HTMLElement>("[data-key]");
    const node = card && flow.tree.value.byKey.get(card.dataset["key"] ?? "");
    if (!node || event.button !== 0 || flow.builder.readonly || (event.target as Element).closest(".flow-card-fold")) return;
    drag = { node, x: event.clientX, y: event.clientY, started: false };
    if (event.pointerType === "touch") timer = window.setTimeout(() => drag && start(), HELD_MS);
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
    window.addEventListener("pointercancel", stop);
    window.addEventListener("keydown", onKey, true);
  }

  function start(): void {
    if (!drag) return;
    drag.started = true;
    document.body.classList.add("is-dragging-step");
    window.getSelection()?.removeAllRanges();
  }

  function move(event: PointerEvent): void {
    if (!drag) return;
    const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > STARTS_AFTER;
    if (!drag.started && far && event.pointerType === "touch") return stop();
    if (!drag.started && far) start();
    if (!drag.started) return;
    event.preventDefault();
    const at = inPicture(event);
    ghost.value = { ...at, title: flow.name(drag.node) };
    const found = isStep(drag.node) ? nearestPlace(at, drag.node) : nearestBranch(at, drag.node);
    over.value = found?.key ?? null;
    target = found?.to ?? null;
    scrollAtEdge(event);
  }

  function inPicture(event: PointerEvent): { x: number; y: number } {
    const rect = canvas.value?.querySelector(".flow-picture")?.getBoundingClientRect();
    return { x: (event.clientX - (rect?.left ?? 0)) / zoom.value, y: (event.clientY - (rect?.top ?? 0)) / zoom.value };
  }

  function nearestPlace(at: { x: number; y: number }, node: Node): { key: string; to: Path } | null {
    let best: Place | null = null;
    let least = REACH;
    for (const place of picture.value.places) {
      if (place.sort !== "step" || isWithin(place.list, node.path)) continue;
      const distance = Math.hypot((place.x - at.x) / 2, place.y - at.y);
      if (distance < least) [best, least] = [place, distance];
    }
    return best && { key: best.key, to: [...best.list, best.index] };
  }

  /** A branch goes among those of its step: before the one under the pointer, or behind all. */
  function nearestBranch(at: { x: number; y: number }, node: Node): { key: string; to: Path } | null {
    if (isStep(node)) return null;
    const { branches } = node.step;
    const boxes = branches.map((branch) => picture.value.boxes.find((box) => box.key === branch.key));
    const place = boxes.findIndex((box) => box && at.x < box.x + box.width / 2);
    const index = place < 0 ? branches.length : place;
    return { key: `${node.step.key}:branches`, to: [...node.step.path, "branches", index] };
  }

  function scrollAtEdge(event: PointerEvent): void {
    const frame = canvas.value;
    const rect = frame?.getBoundingClientRect();
    if (!frame || !rect) return;
    const push = (near: number): number => (near < EDGE ? (EDGE - near) / 4 : 0);
    frame.scrollLeft += push(rect.right - event.clientX) - push(event.clientX - rect.left);
    frame.scrollTop += push(rect.bottom - event.clientY) - push(event.clientY - rect.top);
  }

  function up(): void {
    const done = drag;
    const to = target;
    const started = done?.started ?? false;
    stop();
    if (!started) return;
    window.addEventListener("click", (event) => event.stopPropagation(), { capture: true, once: true });
    window.setTimeout(() => done && to && flow.drop(done.node, to));
  }

  function onKey(event: KeyboardEvent): void {
    if (event.key === "Escape") stop();
  }

  function stop(): void {
    window.clearTimeout(timer);
    drag = null;
    target = null;
    over.value = null;
    ghost.value = null;
    document.body.classList.remove("is-dragging-step");
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", up);
    window.removeEventListener("pointercancel", stop);
    window.removeEventListener("keydown", onKey, true);
  }

  function hold(event: Event): void {
    if (drag?.started) event.preventDefault();
  }

  onScopeDispose(stop);
  return { over, ghost, down, hold };
}
