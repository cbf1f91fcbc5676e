/** Nothing that was typed is lost: drafts save by themselves, and what cannot be saved yet stays in this browser's tab. */

import { fetchJson, HttpError } from "../http";
import { dataOf, named } from "./inputs";

export interface Words {
  saved: string;
  saving: string;
  offline: string;
  signed_out: string;
  sign_in: string;
  found: string;
  restore: string;
  discard: string;
}

interface Kept {
  entries: [name: string, text: string][];
  /** Sent by its button: what became of it is not known here. */
  sent: boolean;
  /** Put back into the form: it is as unsaved as it was. */
  restored?: boolean;
}

const KEEP_AFTER = 300;
const SAVE_AFTER = 2000;
const RETRY_FIRST = 3000;
const RETRY_MOST = 30_000;

export class Keeping {
  private readonly words: Partial<Words>;
  private readonly key: string;
  private timer: number | undefined;
  private keepTimer: number | undefined;
  private pause = RETRY_FIRST;
  private saving = false;
  private changed = false;

  constructor(private readonly form: HTMLFormElement) {
    this.words = JSON.parse(form.dataset["words"] ?? "{}") as Partial<Words>;
    // what somebody typed is never offered to who signs in after them
    this.key = `signoff:typed:${form.dataset["who"] ?? ""}`;
  }

  start(): void {
    if (!this.words.found) return;
    this.offer();
    this.form.addEventListener("submit", (event) => {
      if (event.defaultPrevented) return;
      window.clearTimeout(this.timer);
      window.clearTimeout(this.keepTimer);
      this.changed = false;
      this.keep({ sent: true });
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "hidden" || !this.changed) return;
      this.keep({ sent: false });
      void this.save();
    });
    window.addEventListener("online", () => {
      if (this.changed) this.later(0);
    });
  }

  /** Something was typed. */
  touch(): void {
    if (!this.words.found) return;
    this.changed = true;
    window.clearTimeout(this.keepTimer);
    this.keepTimer = window.setTimeout(() => this.keep({ sent: false }), KEEP_AFTER);
    this.later(SAVE_AFTER);
  }

  private later(after: number): void {
    window.clearTimeout(this.timer);
    if (this.form.dataset["drafts"]) this.timer = window.setTimeout(() => void this.save(), after);
  }

  private async save(): Promise<void> {
    const url = this.form.dataset["drafts"];
    if (!url || !this.changed || this.saving) return;
    this.saving = true;
    this.changed = false;
    this.state(this.words.saving ?? "");
    try {
      const kept = await fetchJson<{ id: number; url?: string }>(url, { method: "POST", body: dataOf(this.form) });
      this.saved(kept);
    } catch (error) {
      this.changed = true;
      this.failed(error);
    } finally {
      this.saving = false;
    }
  }

  private saved(kept: { id: number; url?: string }): void {
    for (const input of named(this.form, "draft")) input.value = String(kept.id);
    this.pause = RETRY_FIRST;
    window.clearTimeout(this.keepTimer);
    this.forget();
    // loading the page again goes on with the draft
    if (kept.url && kept.url !== location.pathname) history.replaceState(history.state, "", kept.url);
    if (this.changed) this.keep({ sent: false });
    const time = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date());
    this.state((this.words.saved ?? "").replace("{time}", time));
  }

  private failed(error: unknown): void {
    const status = error instanceof HttpError ? error.status : 0;
    if (status === 401 || (error instanceof HttpError && error.code === "csrf")) {
      this.signedOut();
      return;
    }
    if (status === 0 || status === 429 || status >= 500) {
      this.state(this.words.offline ?? "");
      this.later(this.pause);
      this.pause = Math.min(this.pause * 2, RETRY_MOST);
    } else this.state(error instanceof Error ? error.message : "");
  }

  private signedOut(): void {
    const place = this.sign();
    if (!place) return;
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = this.words.sign_in ?? "";
    place.replaceChildren(`${this.words.signed_out ?? ""} `, link);
  }

  /** Keeps what was typed in this tab until the server has it. */
  private keep(state: Omit<Kept, "entries">): void {
    const entries = [...dataOf(this.form)].filter(([name]) => name !== "csrf_token");
    try {
      sessionStorage.setItem(this.place(), JSON.stringify({ entries, ...state } satisfies Kept));
    } catch {
      // full, or forbidden by the browser: saving on the server goes on
    }
  }

  /** What was typed before a sign-in ended or a page was left: offered, never put in unasked. */
  private offer(): void {
    const kept = this.found();
    if (!kept) return;
    if (kept.restored || (kept.sent && !/\/sign-in(\?|$)/.test(document.referrer))) {
      this.forget();
      if (kept.restored || document.getElementById("problems")) this.touch();
      return;
    }
    const notice = document.createElement("div");
    notice.className = "notice notice-info form-found";
    notice.setAttribute("role", "status");
    const text = document.createElement("div");
    text.textContent = this.words.found ?? "";
    notice.append(text, this.button(this.words.restore, "btn btn-primary btn-sm", () => this.restore(kept)), this.button(this.words.discard, "btn btn-quiet btn-sm", () => {
      this.forget();
      notice.remove();
    }));
    this.form.before(notice);
  }

  private button(label: string | undefined, css: string, act: () => void): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = css;
    button.textContent = label ?? "";
    button.addEventListener("click", act);
    return button;
  }

  /** The server draws the form as it was typed: rows and files as well. */
  private restore(kept: Kept): void {
    const form = document.createElement("form");
    form.method = "post";
    form.hidden = true;
    const token = named(this.form, "csrf_token")[0]?.value ?? "";
    for (const [name, value] of [...kept.entries.filter(([each]) => each !== "do"), ["csrf_token", token], ["do", "recalculate"]] as const) {
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = value;
      form.append(input);
    }
    document.body.append(form);
    sessionStorage.setItem(this.place(), JSON.stringify({ ...kept, restored: true } satisfies Kept));
    form.submit();
  }

  private sign(): HTMLElement | null {
    return this.form.querySelector<HTMLElement>("[data-state]");
  }

  private state(text: string): void {
    const sign = this.sign();
    if (sign && sign.textContent !== text) sign.textContent = text;
  }

  private place(): string {
    return `${this.key}:${location.pathname}`;
  }

  private found(): Kept | undefined {
    try {
      const text = sessionStorage.getItem(this.place());
      return text ? (JSON.parse(text) as Kept) : undefined;
    } catch {
      return undefined;
    }
  }

  private forget(): void {
    try {
      sessionStorage.removeItem(this.place());
    } catch {
      // forbidden by the browser: then nothing was kept either
    }
  }
}
