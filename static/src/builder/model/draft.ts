/** Autosave: what was changed goes to the server after a short pause, and stays in this browser until it is there.
 *
 * A lost connection, an ended sign-in or another editor lose nothing: the draft is said to be unsaved, kept, and tried
 * again; whoever opens the page later gets it back.
 */

import { fetchJson, HttpError } from "../../app/http";
import type { Length } from "../flows/times";
import type { Problem } from "./boot";
import { isObject, type Json, type JsonObject, same } from "./json";

export type SaveState =
  | { readonly name: "clean" }
  | { readonly name: "saved"; readonly at: number }
  | { readonly name: "waiting" }
  | { readonly name: "saving" }
  | { readonly name: "offline" }
  | { readonly name: "signed_out" }
  | { readonly name: "conflict"; readonly by: string; readonly at: string }
  | { readonly name: "refused"; readonly message: string };

/** What this browser keeps of a draft that is not on the server yet. */
export interface Kept {
  readonly document: JsonObject;
  readonly base_version: number;
  readonly revision: number;
  readonly at: number;
}

interface Answer {
  readonly revision: number;
  readonly base_version: number;
  readonly problems?: readonly Problem[];
  readonly length?: Length | null;
}

export interface Ends {
  /** The address of a draft by the key of its document. */
  readonly url: (key: string) => string;
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  /** Under which name the browser keeps it: of one person, kind and key. */
  readonly place: (key: string) => string;
  readonly changed: (state: SaveState) => void;
  readonly checked: (problems: readonly Problem[], document: JsonObject, length: Length | null) => void;
  /** A new token after the person signed in again; `false` while nobody did. */
  readonly renew: () => Promise<boolean>;
  readonly now?: () => number;
}

const KEEP_AFTER = 250;
const SAVE_AFTER = 900;
const RETRY_FIRST = 2000;
const RETRY_MOST = 30_000;

export class DraftKeeper {
  private current: JsonObject;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private keepTimer: ReturnType<typeof setTimeout> | undefined;
  private pause = RETRY_FIRST;
  private saving = false;
  state: SaveState = { name: "clean" };

  constructor(
    private readonly ends: Ends,
    /** What the server has, and under which numbers. */
    public saved: JsonObject,
    public baseVersion: number,
    public revision: number,
  ) {
    this.current = saved;
  }

  /** Whether something is not on the server yet. */
  get isDirty(): boolean {
    return this.current !== this.saved && !same(this.current, this.saved);
  }

  /** The document is this now. */
  change(document: JsonObject): void {
    this.current = document;
    clearTimeout(this.keepTimer);
    this.keepTimer = setTimeout(() => this.keep(), KEEP_AFTER);
    if (this.state.name === "conflict" || this.state.name === "signed_out") return;
    if (this.isDirty) {
      if (this.state.name !== "offline") this.become({ name: "waiting" });
      this.later(SAVE_AFTER);
    } else if (!this.saving) {
      clearTimeout(this.timer);
      this.become(this.revision ? { name: "saved", at: this.now() } : { name: "clean" });
    }
  }

  /** Try now: the connection is back, the window is looked at again, or somebody asked for it. */
  async flush(): Promise<void> {
    this.keep();
    if (this.state.name === "signed_out" && !(await this.ends.renew())) return;
    if (this.state.name !== "conflict") await this.save();
  }

  /** What the server has is this now: after a conflict was settled, a publish, or a reload. */
  settle(saved: JsonObject, baseVersion: number, revision: number): void {
    this.saved = saved;
    this.baseVersion = baseVersion;
    this.revision = revision;
    this.become({ name: "waiting" });
    this.change(this.current);
  }

  /** What this browser kept of an earlier visit and the server does not have; `null` if nothing. */
  found(): Kept | null {
    try {
      const kept = JSON.parse(this.ends.storage.getItem(this.place()) ?? "null") as Json;
      if (!isObject(kept) || !isObject(kept["document"])) return null;
      return same(kept["document"], this.saved) ? null : (kept as unknown as Kept);
    } catch {
      return null;
    }
  }

  forget(): void {
    clearTimeout(this.keepTimer);
    try {
      this.ends.storage.removeItem(this.place());
    } catch {
      // a browser that keeps nothing has nothing to forget
    }
  }

  stop(): void {
    clearTimeout(this.timer);
    clearTimeout(this.keepTimer);
  }

  private now(): number {
    return (this.ends.now ?? Date.now)();
  }

  private place(): string {
    return this.ends.place(String(this.saved["key"] ?? ""));
  }

  private become(state: SaveState): void {
    this.state = state;
    this.ends.changed(state);
  }

  private later(after: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.save(), after);
  }

  private keep(): void {
    clearTimeout(this.keepTimer);
    if (!this.isDirty) return this.forget();
    const kept: Kept = { document: this.current, base_version: this.baseVersion, revision: this.revision, at: this.now() };
    try {
      this.ends.storage.setItem(this.place(), JSON.stringify(kept));
    } catch {
      // full, or forbidden by the browser: saving on the server goes on
    }
  }

  private async save(): Promise<void> {
    clearTimeout(this.timer);
    if (this.saving || !this.isDirty) return;
    const key = String(this.current["key"] ?? "");
    if (!key) return;
    const sent = this.current;
    this.saving = true;
    this.become({ name: "saving" });
    try {
      const body = { document: sent, base_version: this.baseVersion, revision: this.revision };
      this.arrived(sent, await fetchJson<Answer>(this.ends.url(key), { method: "PUT", body }));
    } catch (error) {
      this.failed(error);
    } finally {
      this.saving = false;
    }
    if (this.state.name === "saved" && this.isDirty) {
      this.become({ name: "waiting" });
      this.later(SAVE_AFTER);
    }
  }

  private arrived(sent: JsonObject, answer: Answer): void {
    this.saved = sent;
    this.revision = answer.revision;
    this.pause = RETRY_FIRST;
    this.keep();
    this.become({ name: "saved", at: this.now() });
    if (answer.problems) this.ends.checked(answer.problems, sent, answer.length ?? null);
  }

  private failed(error: unknown): void {
    this.keep();
    const status = error instanceof HttpError ? error.status : 0;
    if (error instanceof HttpError && status === 409) {
      const { by, at } = error.details;
      this.become({ name: "conflict", by: String(by ?? ""), at: String(at ?? "") });
    } else if (status === 401 || (error instanceof HttpError && error.code === "csrf")) {
      this.become({ name: "signed_out" });
    } else if (status === 0 || status === 429 || status >= 500) {
      this.become({ name: "offline" });
      this.later(this.pause);
      this.pause = Math.min(this.pause * 2, RETRY_MOST);
    } else {
      this.become({ name: "refused", message: error instanceof Error ? error.message : "" });
    }
  }
}
