/** What is new arrives while a page is open: numbers in the menu change, and a line says what came. Nothing that is read moves. */

interface News {
  counts: Record<string, number>;
  newest: { id: number; title: string; url: string } | null;
}

const EVERY = 5_000;
const LONGEST = 60_000;

export default function live(root: HTMLElement): void {
  const url = root.dataset["url"];
  const words = JSON.parse(root.dataset["words"] ?? "{}") as { new?: string; close?: string };
  if (!url) return;
  let etag = "";
  let seen: number | undefined;
  let wait = EVERY;
  let timer = 0;
  let asking = false;

  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : plan(0)));
  plan(document.hidden ? LONGEST : 0);

  function plan(after: number): void {
    clearTimeout(timer);
    if (!document.hidden) timer = window.setTimeout(() => void ask(), after);
  }

  async function ask(): Promise<void> {
    if (asking) return;
    asking = true;
    try {
      const headers: Record<string, string> = { Accept: "application/json" };
      if (etag) headers["If-None-Match"] = etag;
      const response = await fetch(url!, { credentials: "same-origin", headers });
      if (response.status === 401 || response.status === 403) return;
      if (response.ok) {
        etag = response.headers.get("ETag") ?? "";
        show((await response.json()) as News);
      }
      wait = response.ok || response.status === 304 ? EVERY : Math.min(wait * 2, LONGEST);
    } catch {
      wait = Math.min(wait * 2, LONGEST);
    } finally {
      asking = false;
    }
    plan(wait);
  }

  function show({ counts, newest }: News): void {
    for (const link of document.querySelectorAll<HTMLElement>("[data-live]")) {
      const count = counts[link.dataset["live"] ?? ""];
      if (count !== undefined) write(link, count);
    }
    const first = seen === undefined;
    const id = newest?.id ?? 0;
    if (newest && !first && id > seen!) tell(newest.title, newest.url);
    seen = Math.max(seen ?? 0, id);
  }

  function write(link: HTMLElement, count: number): void {
    let badge = link.querySelector<HTMLElement>(".count, .dot");
    if (count === 0) {
      badge?.remove();
      return;
    }
    const small = link.matches(".tab, .iconbutton");
    if (!badge) {
      badge = document.createElement("span");
      badge.className = small ? "dot" : "count";
      link.append(badge);
    }
    const most = small ? 99 : 999;
    const text = count > most ? `${most}+` : String(count);
    if (badge.textContent !== text) badge.textContent = text;
  }

  function tell(title: string, to: string): void {
    const notice = document.createElement("div");
    notice.className = "live-notice";
    const link = document.createElement("a");
    link.href = to;
    link.textContent = `${words.new ?? ""} ${title}`.trim();
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn-close";
    close.setAttribute("aria-label", words.close ?? "");
    close.addEventListener("click", () => notice.remove());
    notice.append(link, close);
    root.replaceChildren(notice);
  }
}
