/** Dragging onto the canvas with mouse, pen or finger. Keys do the same, see `Canvas.vue`. */

import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from "vue";
import { type Row, type Target, targetAmong, targetAt, targetIn } from "./dropping";
import type { Place } from "./layout";
import type { Inside } from "./tables";

export interface Dragging {
  /** What hangs on the pointer, as text; `null` while nothing is dragged. */
  readonly label: Ref<string | null>;
  readonly pointer: ShallowRef<{ x: number; y: number }>;
  readonly target: ShallowRef<Target | null>;
  /** `drop` is called where it falls onto the canvas; a press without a move is none. `enters`: it may become a column. */
  begin(event: PointerEvent, label: string, drop: (place: Place | Inside) => void, enters: boolean): void;
}

const FAR = 6;
const EDGE = 48;

export function useDragging(canvas: Ref<HTMLElement | undefined>): Dragging {
  const label = ref<string | null>(null);
  const pointer = shallowRef({ x: 0, y: 0 });
  const target = shallowRef<Target | null>(null);
  let stop: (() => void) | undefined;

  function begin(event: PointerEvent, name: string, drop: (place: Place | Inside) => void, enters: boolean): void {
    if (event.button !== 0 || !event.isPrimary) return;
    stop?.();
    const start = { x: event.clientX, y: event.clientY };
    const listeners = new AbortController();
    const { signal } = listeners;
    stop = () => {
      listeners.abort();
      label.value = target.value = null;
      stop = undefined;
    };
    const move = (moved: PointerEvent): void => {
      if (moved.pointerId !== event.pointerId) return;
      if (label.value === null && Math.hypot(moved.clientX - start.x, moved.clientY - start.y) < FAR) return;
      moved.preventDefault();
      label.value = name;
      pointer.value = { x: moved.clientX, y: moved.clientY };
      scroll(moved.clientY, canvas.value);
      target.value = canvas.value ? find(canvas.value, moved.clientX, moved.clientY, enters) : null;
    };
    const end = (ended: PointerEvent): void => {
      if (ended.pointerId !== event.pointerId) return;
      const [wasDragged, place] = [label.value !== null, target.value?.place];
      stop?.();
      if (!wasDragged) return;
      window.addEventListener("click", swallow, { capture: true, once: true });
      window.setTimeout(() => window.removeEventListener("click", swallow, { capture: true }));
      if (place) drop(place);
    };
    window.addEventListener("pointermove", move, { signal });
    window.addEventListener("pointerup", end, { signal });
    window.addEventListener("pointercancel", () => stop?.(), { signal });
    window.addEventListener("keydown", (pressed) => {
      if (pressed.key !== "Escape" || label.value === null) return;
      pressed.stopPropagation();
      stop?.();
    }, { signal, capture: true });
  }

  onScopeDispose(() => stop?.());
  return { label, pointer, target, begin };
}

/** The click that ends a drag is none. */
function swallow(event: Event): void {
  event.stopPropagation();
  event.preventDefault();
}

function find(canvas: HTMLElement, x: number, y: number, enters: boolean): Target | null {
  const box = canvas.getBoundingClientRect();
  if (x < box.left || x > box.right || y < box.top - EDGE || y > box.bottom + EDGE) return null;
  const origin = { left: box.left - canvas.scrollLeft, top: box.top - canvas.scrollTop };
  const shifted = (rect: DOMRect): DOMRect => new DOMRect(rect.left - origin.left, rect.top - origin.top, rect.width, rect.height);
  for (const table of enters ? canvas.querySelectorAll<HTMLElement>("[data-columns-of]") : []) {
    const rect = table.getBoundingClientRect();
    if (x < rect.left || x > rect.right || y < rect.top || y > rect.bottom) continue;
    const columns = [...table.children].map((column) => shifted(column.getBoundingClientRect())).map(({ left, right }) => ({ left, right }));
    return targetAmong(x - origin.left, table.dataset["columnsOf"] ?? "", columns, shifted(rect));
  }
  for (const empty of canvas.querySelectorAll<HTMLElement>("[data-empty-section]")) {
    const rect = empty.getBoundingClientRect();
    if (y >= rect.top && y <= rect.bottom) return targetIn(Number(empty.dataset["emptySection"]), shifted(rect));
  }
  const rows = [...canvas.querySelectorAll<HTMLElement>("[data-row]")].map((row): Row => {
    const rect = shifted(row.getBoundingClientRect());
    const section = row.dataset["section"] ?? "";
    const cells = [...row.children].map((cell) => shifted(cell.getBoundingClientRect())).map(({ left, right }) => ({ left, right }));
    return { section: section === "" ? null : Number(section), row: Number(row.dataset["row"]), top: rect.top, bottom: rect.bottom, cells };
  });
  const pad = 16;
  return targetAt(x - origin.left, y - origin.top, rows, { left: pad, top: 0, width: box.width - 2 * pad, height: box.height });
}

function scroll(y: number, canvas: HTMLElement | undefined): void {
  const pane = canvas && scroller(canvas);
  if (!pane) return;
  const { top, bottom } = pane === document.documentElement ? { top: 0, bottom: window.innerHeight } : pane.getBoundingClientRect();
  if (y < top + EDGE) pane.scrollBy(0, -EDGE / 4);
  else if (y > bottom - EDGE) pane.scrollBy(0, EDGE / 4);
}

function scroller(element: HTMLElement): HTMLElement {
  for (let here: HTMLElement | null = element; here; here = here.parentElement) {
    if (here.scrollHeight > here.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(here).overflowY)) return here;
  }
  return document.documentElement;
}
