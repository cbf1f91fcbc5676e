/** A lookup as one types: a combobox (WAI-ARIA 1.2, list autocomplete) over the server's suggestions. */

import { fetchJson } from "../http";

interface Suggestion {
  id: number;
  text: string;
  details: string[];
}

const ASK_AFTER = 180;
let count = 0;

export default function lookup(element: HTMLElement): void {
  const input = element.querySelector<HTMLInputElement>("input.form-control");
  const [ident, shown] = element.querySelectorAll<HTMLInputElement>('input[type="hidden"]');
  if (input && ident && shown) new Combobox(element, input, ident, shown).start();
}

class Combobox {
  private readonly list = document.createElement("ul");
  private readonly status = document.createElement("span");
  private items: Suggestion[] = [];
  private active = -1;
  private timer: number | undefined;
  private asking: AbortController | undefined;

  constructor(
    private readonly element: HTMLElement,
    private readonly input: HTMLInputElement,
    private readonly ident: HTMLInputElement,
    private readonly shown: HTMLInputElement,
  ) {}

  start(): void {
    this.input.setAttribute("role", "combobox");
    this.input.setAttribute("aria-autocomplete", "list");
    this.input.setAttribute("aria-expanded", "false");
    // 200 rows of line items have 200 lookups: most are never used
    if (document.activeElement === this.input) this.prepare(); // a new row has the focus before its script is there
    else this.input.addEventListener("focus", () => this.prepare(), { once: true });
  }

  private prepare(): void {
    this.list.id = `lookup-${++count}`;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", this.input.getAttribute("aria-label") ?? this.input.labels?.[0]?.textContent ?? "");
    this.list.className = "lookup-list";
    this.list.hidden = true;
    this.status.className = "visually-hidden";
    this.status.setAttribute("role", "status");
    this.input.setAttribute("aria-controls", this.list.id);
    this.element.append(this.list, this.status);
    this.input.addEventListener("input", () => this.onInput());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.input.addEventListener("focus", () => this.input.select());
    this.input.select();
    this.input.addEventListener("blur", () => this.close());
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target instanceof Element ? event.target.closest<HTMLElement>("[role=option]") : null;
      if (option) this.choose(Number(option.dataset["place"]));
    });
    window.addEventListener("scroll", () => this.place(), { passive: true, capture: true });
  }

  private onInput(): void {
    if (this.input.value !== this.shown.value) this.ident.value = "";
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), ASK_AFTER);
  }

  private async ask(): Promise<void> {
    this.asking?.abort();
    this.asking = new AbortController();
    const url = new URL(this.element.dataset["url"] ?? "", location.href);
    url.searchParams.set("q", this.input.value);
    this.sendAlong(url);
    try {
      const found = await fetchJson<{ items: Suggestion[] }>(url.toString(), { signal: this.asking.signal });
      if (document.activeElement === this.input) this.open(found.items);
    } catch {
      this.close();
    }
  }

  /** The values with which the lookup's filter compares. */
  private sendAlong(url: URL): void {
    const form = this.element.closest("form");
    const needs = (this.element.dataset["needs"] ?? "").split(" ").filter(Boolean);
    if (!form || !needs.length) return;
    const wanted = new Set(needs.flatMap((name) => [name, `${name}-id`, `${name}-shown`]));
    for (const [name, value] of new FormData(form)) {
      if (wanted.has(name) && typeof value === "string") url.searchParams.append(name, value);
    }
  }

  private open(items: Suggestion[]): void {
    this.items = items;
    this.active = -1;
    this.list.replaceChildren(...items.map((item, place) => this.option(item, place)));
    this.list.hidden = items.length === 0;
    this.input.setAttribute("aria-expanded", String(items.length > 0));
    this.input.removeAttribute("aria-activedescendant");
    const { none = "", found = "" } = this.element.dataset;
    this.status.textContent = items.length ? found.replace("{n}", String(items.length)) : none;
    this.place();
  }

  private option(item: Suggestion, place: number): HTMLElement {
    const option = document.createElement("li");
    option.id = `${this.list.id}-${place}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.dataset["place"] = String(place);
    const title = document.createElement("span");
    title.textContent = item.text;
    const details = document.createElement("small");
    details.textContent = item.details.filter((each) => !item.text.includes(each)).join(" · ");
    option.append(title, details);
    return option;
  }

  /** Fixed to the window, so that a table that scrolls does not cut the list off. */
  private place(): void {
    if (this.list.hidden) return;
    const box = this.input.getBoundingClientRect();
    const below = window.innerHeight - box.bottom;
    const style = this.list.style;
    style.position = "fixed";
    style.left = `${box.left}px`;
    style.right = "auto";
    style.width = `${Math.max(box.width, Math.min(280, window.innerWidth - box.left - 8))}px`;
    if (below < 200 && box.top > below) {
      style.top = "auto";
      style.bottom = `${window.innerHeight - box.top + 4}px`;
      style.maxHeight = `${Math.min(320, box.top - 12)}px`;
    } else {
      style.bottom = "auto";
      style.top = `${box.bottom + 4}px`;
      style.maxHeight = `${Math.min(320, below - 12)}px`;
    }
  }

  private onKey(event: KeyboardEvent): void {
    const open = !this.list.hidden;
    // in line items the arrows go from row to row, and move rows with Alt
    if (event.altKey && this.element.closest("table")) return;
    if (event.key.startsWith("Arrow") && !open && this.element.closest("table")) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      event.stopPropagation();
      if (open) this.move(event.key === "ArrowDown" ? 1 : -1);
      else void this.ask();
    } else if (event.key === "Enter" && open && this.items.length > 0) {
      event.preventDefault();
      event.stopPropagation();
      this.choose(Math.max(this.active, 0));
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (event.key === "Tab" && open && this.active >= 0) {
      this.choose(this.active);
    }
  }

  private move(by: number): void {
    const options = [...this.list.children];
    options[this.active]?.setAttribute("aria-selected", "false");
    this.active = (this.active + by + options.length) % options.length;
    const option = options[this.active];
    if (!option) return;
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", option.id);
  }

  private choose(place: number): void {
    const item = this.items[place];
    if (!item) return;
    this.input.value = this.shown.value = item.text;
    this.ident.value = String(item.id);
    this.clearFilled();
    this.close();
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** What the record fills is filled anew: an input that still holds the former record's value would win over it. */
  private clearFilled(): void {
    const start = this.input.id.replace(/[^-]*$/, "");
    for (const key of (this.element.dataset["fills"] ?? "").split(" ").filter(Boolean)) {
      const input = document.getElementById(start + key);
      if (input instanceof HTMLInputElement || input instanceof HTMLSelectElement || input instanceof HTMLTextAreaElement) input.value = "";
      // line items that nobody changed yet are those of the former record
      else input?.dispatchEvent(new CustomEvent("signoff:refill"));
    }
  }

  private close(): void {
    window.clearTimeout(this.timer);
    this.asking?.abort();
    this.list.hidden = true;
    this.items = [];
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
