/**
 * What is new arrives while a page is open: numbers in the menu change, and a line says what came. Nothing that is read
 * moves. One stream of events for each tab that is looked at; other modules hear of it as `signoff:news`. The browser
 * takes a broken stream up again by itself; a server without room answers at once and has it come back.
 */

interface New {
  id: number;
  title: string;
  url: string;
}

interface News {
  counts: Record<string, number>;
  new: New[];
}

const LAST = "signoff.live.last";
const SEEN = "signoff.live.seen";
const REMEMBERED = 40;
const LONGEST = 60_000;
const FIRST_WAIT = 5_000;

export default function live(root: HTMLElement): void {
  const url = root.dataset["url"];
  const words = JSON.parse(root.dataset["words"] ?? "{}") as { new?: string; close?: string };
  if (!url) return;
  let source: EventSource | undefined;
  let wait = FIRST_WAIT;
  let timer = 0;

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => event.persisted && open());
  if (!document.hidden) open();

  function open(): void {
    if (source || !root.isConnected) return;
    clearTimeout(timer);
    const last = remembered(LAST);
    source = new EventSource(last ? `${url}?last=${encodeURIComponent(last)}` : url!);
    source.addEventListener("news", (event) => {
      wait = FIRST_WAIT;
      remember(LAST, event.lastEventId);
      show(JSON.parse(event.data as string) as News);
    });
    source.addEventListener("error", () => {
      // The browser comes again by itself, unless the answer was none: signed out, or the server is being replaced.
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      timer = window.setTimeout(() => !document.hidden && open(), wait);
      wait = Math.min(wait * 2, LONGEST);
    });
  }

  function close(): void {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  }

  function show(news: News): void {
    for (const link of document.querySelectorAll<HTMLElement>("[data-live]")) {
      const count = news.counts[link.dataset["live"] ?? ""];
      if (count !== undefined) write(link, count);
    }
    const seen = new Set(remembered(SEEN).split(" ").filter(Boolean));
    const unseen = news.new.filter((each) => !seen.has(String(each.id)));
    if (unseen.length) {
      tell(unseen);
      remember(SEEN, [...seen, ...unseen.map((each) => String(each.id))].slice(-REMEMBERED).join(" "));
    }
    document.dispatchEvent(new CustomEvent("signoff:news", { detail: news }));
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

  function tell(unseen: New[]): void {
    const notice = document.createElement("div");
    notice.className = "live-notice";
    const lines = document.createElement("div");
    for (const each of unseen) {
      const link = document.createElement("a");
      link.href = each.url;
      link.textContent = `${words.new ?? ""} ${each.title}`.trim();
      lines.append(link);
    }
    const shut = document.createElement("button");
    shut.type = "button";
    shut.className = "btn-close";
    shut.setAttribute("aria-label", words.close ?? "");
    shut.addEventListener("click", () => notice.remove());
    notice.append(lines, shut);
    root.replaceChildren(notice);
  }
}

/** The tab remembers over its pages; a browser that keeps nothing begins anew with each. */
function remembered(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function remember(key: string, text: string): void {
  try {
    sessionStorage.setItem(key, text);
  } catch {
    return;
  }
}
