/** A long list of people gets a box to search with: in the list, and on the server where the list is cut short. */

import { fetchJson } from "../http";

interface Person {
  key: string;
  name: string;
  email: string | null;
}

const LONG = 20;
const ASK_AFTER = 180;
let count = 0;

export default function people(element: HTMLElement): void {
  if (element instanceof HTMLSelectElement && element.options.length > LONG) new Search(element).start();
}

class Search {
  private readonly box = document.createElement("input");
  private readonly status = document.createElement("span");
  /** What the page came with, for when nothing is searched. */
  private readonly all: readonly HTMLOptionElement[];
  private timer: number | undefined;
  private asking: AbortController | undefined;

  constructor(private readonly select: HTMLSelectElement) {
    this.all = [...select.options];
  }

  start(): void {
    const { label = "" } = this.select.dataset;
    this.select.id ||= `people-${++count}`;
    this.box.type = "search";
    this.box.className = "form-control people-search";
    this.box.autocomplete = "off";
    this.box.placeholder = label;
    this.box.setAttribute("aria-label", label);
    this.box.setAttribute("aria-controls", this.select.id);
    this.status.className = "visually-hidden";
    this.status.setAttribute("role", "status");
    this.select.before(this.box);
    this.select.after(this.status);
    this.box.addEventListener("input", (event) => {
      event.stopPropagation(); // it is no value of the form
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.search(), ASK_AFTER);
    });
    this.box.addEventListener("change", (event) => event.stopPropagation());
    this.box.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") this.select.focus();
      if (event.key === "Enter" || event.key === "ArrowDown") event.preventDefault();
    });
  }

  private async search(): Promise<void> {
    const words = this.box.value.trim();
    this.asking?.abort();
    if (!words) {
      this.status.textContent = "";
      this.show(this.all);
      return;
    }
    this.asking = new AbortController();
    try {
      const url = new URL(this.select.dataset["url"] ?? "", location.href);
      url.searchParams.set("q", words);
      url.searchParams.set("limit", "50");
      const { items } = await fetchJson<{ items: Person[] }>(url.toString(), { signal: this.asking.signal });
      this.found(items);
    } catch (error) {
      // without the server the list itself is searched
      if (!(error instanceof DOMException)) this.found(this.listed(words));
    }
  }

  private listed(words: string): Person[] {
    const wanted = words.toLocaleLowerCase().split(/\s+/);
    const fits = (each: HTMLOptionElement): boolean => wanted.every((word) => each.text.toLocaleLowerCase().includes(word));
    return this.all.filter((each) => each.value && fits(each)).map((each) => ({ key: each.value, name: each.text, email: null }));
  }

  private found(items: readonly Person[]): void {
    const names = items.map((each) => each.name);
    const twice = new Set(names.filter((each, place) => names.indexOf(each) !== place));
    const options = items.map((each) => new Option(twice.has(each.name) ? `${each.name} (${each.email ?? each.key})` : each.name, each.key));
    this.show(options);
    const { found = "", none = "" } = this.select.dataset;
    this.status.textContent = items.length ? found.replace("{n}", String(items.length)) : none;
    if (items.length === 1 && !this.select.multiple && this.select.value !== items[0]?.key) {
      this.select.value = items[0]?.key ?? "";
      this.select.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  /** What is chosen stays chosen, and the empty choice stays first. */
  private show(options: readonly HTMLOptionElement[]): void {
    const kept = [...this.select.options].filter((each) => each.selected || !each.value);
    const known = new Set(kept.map((each) => each.value));
    this.select.replaceChildren(...kept, ...options.filter((each) => !known.has(each.value)));
  }
}
