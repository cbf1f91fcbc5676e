/** The inbox by keyboard: move through the list, select, decide; the request opens beside without leaving the page. */

import { isChord, isTyping } from "../keys";

interface Words {
  help: string;
  selected: string;
  arrived: string;
}

export default function inbox(root: HTMLElement): void {
  const words = JSON.parse(root.dataset["words"] ?? "{}") as Words;
  const rows = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>(".inbox-row")];
  const count = root.querySelector<HTMLElement>("[data-inbox-count]");
  let loading: AbortController | undefined;

  root.addEventListener("change", tell);
  document.querySelector("[data-inbox-help]")?.addEventListener("click", help);
  document.addEventListener("keydown", onKey);
  document.addEventListener("signoff:news", () => void look());
  arrived()?.addEventListener("click", show);
  tell();

  let coming: Document | undefined;

  function arrived(): HTMLElement | null {
    return document.querySelector<HTMLElement>("[data-inbox-new]");
  }

  /** Something changed: say how many tasks are new. The list that is being read stays as it is until one asks for them. */
  async function look(): Promise<void> {
    const button = arrived();
    if (!button) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => undefined);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const here = new Set(rows().map((row) => row.dataset["task"]));
    const fresh = [...page.querySelectorAll<HTMLElement>(".inbox-row")].filter((row) => !here.has(row.dataset["task"]));
    coming = page;
    button.hidden = fresh.length === 0;
    button.textContent = words.arrived.replace("{n}", String(fresh.length));
  }

  /** Put the new list in the place of the old one; what is selected and what is open stay so. */
  function show(): void {
    const [list, fresh] = [root.querySelector(".inbox-list ul"), coming?.querySelector(".inbox-list ul")];
    if (!list || !fresh) {
      location.reload(); // it was empty: there is no list to put them into
      return;
    }
    const checked = new Set(rows().filter((row) => row.querySelector<HTMLInputElement>("input:checked")).map((row) => row.dataset["task"]));
    const open = rows()[place()]?.dataset["task"];
    list.replaceChildren(...fresh.children);
    for (const row of rows()) {
      const box = row.querySelector<HTMLInputElement>("input[type=checkbox]");
      if (box) box.checked = checked.has(row.dataset["task"]);
      mark(row, row.dataset["task"] === open);
    }
    const button = arrived();
    if (button) button.hidden = true;
    tell();
    rows()[place()]?.querySelector("a")?.focus();
  }

  function mark(row: HTMLElement, isOpen: boolean): void {
    row.classList.toggle("is-open", isOpen);
    const link = row.querySelector("a");
    if (isOpen) link?.setAttribute("aria-current", "true");
    else link?.removeAttribute("aria-current");
  }

  function onKey(event: KeyboardEvent): void {
    if (isChord(event)) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") rows()[place()]?.querySelector("a")?.focus();
      return;
    }
    const act = keys[event.key];
    if (!act || !act()) return;
    event.preventDefault();
  }

  const keys: Record<string, () => boolean> = {
    j: () => move(1),
    k: () => move(-1),
    x: toggle,
    a: () => press("a"),
    r: () => press("r"),
    b: () => press("b"),
    t: () => press("t"),
    c: comment,
    m: () => press("m"),
    "?": () => (help(), true),
  };

  function place(): number {
    return rows().findIndex((row) => row.classList.contains("is-open"));
  }

  function move(by: number): boolean {
    const all = rows();
    const target = all[Math.min(Math.max(place() + by, 0), all.length - 1)];
    const link = target?.querySelector<HTMLAnchorElement>("a");
    if (!target || !link) return false;
    if (!target.classList.contains("is-open")) void open(target, link);
    link.focus();
    return true;
  }

  function toggle(): boolean {
    const box = rows()[place()]?.querySelector<HTMLInputElement>("input[type=checkbox]");
    box?.click();
    return box !== undefined;
  }

  function press(key: string): boolean {
    const button = root.querySelector<HTMLElement>(`.inbox-pane [data-key="${key}"]`);
    button?.click();
    return button !== null;
  }

  function comment(): boolean {
    const field = root.querySelector<HTMLElement>(".inbox-pane #comment");
    field?.focus();
    return field !== null;
  }

  /** Put another request into the pane; where that fails, go to its page. */
  async function open(row: HTMLElement, link: HTMLAnchorElement): Promise<void> {
    for (const each of rows()) mark(each, each === row);
    loading?.abort();
    loading = new AbortController();
    try {
      const answer = await fetch(link.href, { signal: loading.signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const [pane, fresh] = [root.querySelector("#pane"), page.querySelector("#pane")];
      if (!answer.ok || !pane || !fresh) throw new Error(`status ${answer.status}`);
      pane.replaceChildren(...fresh.childNodes);
      pane.dispatchEvent(new CustomEvent("signoff:added", { bubbles: true }));
      history.replaceState(null, "", link.href);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) location.assign(link.href);
    }
  }

  function tell(): void {
    const selected = root.querySelectorAll(".inbox-row input:checked").length;
    if (count) count.textContent = selected ? words.selected.replace("{n}", String(selected)) : "";
    root.classList.toggle("has-checked", selected > 0);
  }

  function help(): void {
    const dialog = document.createElement("dialog");
    dialog.className = "dialog";
    dialog.append(words.help);
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", () => dialog.close());
    dialog.addEventListener("keydown", () => dialog.close());
    document.body.append(dialog);
    dialog.showModal();
  }
}

