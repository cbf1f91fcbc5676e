/** The draft of this page on the server: saved by itself, looked at again when another was faster. */

import { inject, type InjectionKey, onScopeDispose, provide, ref, type Ref, shallowRef, watch } from "vue";
import { fetchJson, HttpError } from "../../app/http";
import type { Length } from "../flows/times";
import type { Boot, Problem, Waiting } from "./boot";
import { DraftKeeper, type Kept, type SaveState } from "./draft";
import { t } from "../words";
import { isObject, type Json, type JsonObject, same } from "./json";
import { definitionCall, pageOf, versionOf } from "./place";
import type { Builder } from "./store";

export interface Connection {
  readonly state: Readonly<Ref<SaveState>>;
  /** What the server has of the draft, and which version it was made from. */
  readonly keeper: DraftKeeper;
  /** What is in force, and under which number, as far as this page knows. */
  readonly inForce: Ref<{ readonly document: JsonObject | null; readonly version: number }>;
  /** What somebody wants to publish and a second person must confirm. */
  readonly waiting: Ref<Waiting | null>;
  /** Unsaved changes of an earlier visit that do not simply go on from what the server has. */
  readonly found: Ref<Kept | null>;
  /** The definition as it is on the server now. */
  latest(): Promise<Boot>;
  /** Save now, or try again. */
  flush(): Promise<void>;
  /** The document of a version, as it was written. */
  versionDocument(version: number): Promise<JsonObject>;
  /** This is in force now; the draft is gone, unless it says something else. */
  published(document: JsonObject, version: number, isDraft?: boolean): void;
  /** Goes on from what the server has, after the person decided what becomes of both sides. */
  settle(boot: Boot): void;
  discard(): Promise<void>;
  readonly key: Readonly<Ref<string>>;
}

const KEY: InjectionKey<Connection> = Symbol("connection");

export function useConnection(): Connection {
  const found = inject(KEY);
  if (!found) throw new Error("There is no connection above this component.");
  return found;
}

/** Saves the builder's document by itself from here on. */
export function connect(builder: Builder): Connection {
  const { boot } = builder;
  const state = shallowRef<SaveState>(boot.saved_at ? { name: "saved", at: Date.parse(boot.saved_at) } : { name: "clean" });
  const inForce = shallowRef({ document: boot.in_force, version: boot.version_in_force });
  const waiting = shallowRef<Waiting | null>(boot.waiting ?? null);
  const found = shallowRef<Kept | null>(null);
  const key = ref(boot.key);

  const latest = async (): Promise<Boot> => {
    const page = await readPage(pageOf(boot, boot.kind, key.value));
    renewToken(page);
    const text = page.getElementById("builder-boot")?.textContent;
    if (!text) throw new HttpError(401, "not_signed_in", "");
    return JSON.parse(text) as Boot;
  };

  const keeper = new DraftKeeper(
    {
      url: (typed) => definitionCall(boot, key.value || typed, "/draft"),
      storage: localStorage,
      place: (typed) => `signoff:draft:${boot.me.key}:${boot.kind}:${key.value || typed}`,
      changed: (now) => (state.value = now),
      checked: (problems, document, length) => checked(builder, problems, document, length),
      renew: () => latest().then(() => true, () => false),
    },
    boot.document,
    boot.base_version,
    boot.revision,
  );
  if (!builder.readonly) start(builder, keeper, state, key, found);

  const connection: Connection = {
    state,
    keeper,
    inForce,
    waiting,
    found,
    key,
    latest,
    flush: () => keeper.flush(),
    async versionDocument(version) {
      const page = await readPage(versionOf(boot, key.value, version));
      const found = JSON.parse(page.getElementById("definition-text")?.textContent ?? "null") as Json;
      if (!isObject(found)) throw new HttpError(404, "error", t("failed_to_read"));
      return found;
    },
    published(document, version, isDraft = true) {
      inForce.value = { document, version };
      if (isDraft) keeper.settle(document, version, same(keeper.saved, document) ? 0 : keeper.revision);
      else keeper.settle(keeper.saved, version, keeper.revision);
    },
    settle(now) {
      inForce.value = { document: now.in_force, version: now.version_in_force };
      keeper.settle(now.document, now.base_version, now.revision);
    },
    async discard() {
      keeper.stop();
      keeper.forget();
      await fetchJson(definitionCall(boot, key.value, "/draft"), { method: "DELETE" });
    },
  };
  provide(KEY, connection);
  return connection;
}

function start(builder: Builder, keeper: DraftKeeper, state: Ref<SaveState>, key: Ref<string>, found: Ref<Kept | null>): void {
  const kept = keeper.found();
  if (kept && kept.revision === keeper.revision) queueMicrotask(() => restore(builder, kept));
  else if (kept) found.value = kept;
  else keeper.forget();
  watch(builder.document, (document) => {
    if (key.value || document["key"] !== builder.boot.document["key"]) keeper.change(document);
  });
  watch(state, (now) => {
    if (now.name !== "saved" || key.value) return;
    key.value = String(keeper.saved["key"]); // a new definition has an address from its first save on
    history.replaceState(history.state, "", pageOf(builder.boot, builder.kind, key.value));
  });
  const again = (): void => {
    if (document.visibilityState === "visible" && isWaiting(state.value)) void keeper.flush();
  };
  const leaving = (): void => void keeper.flush();
  const warn = (event: BeforeUnloadEvent): void => {
    if (keeper.isDirty && !storageWorks()) event.preventDefault();
  };
  window.addEventListener("online", again);
  window.addEventListener("focus", again);
  document.addEventListener("visibilitychange", again);
  window.addEventListener("pagehide", leaving);
  window.addEventListener("beforeunload", warn);
  const timer = window.setInterval(() => state.value.name === "signed_out" && again(), 15_000);
  onScopeDispose(() => {
    keeper.stop();
    window.removeEventListener("online", again);
    window.removeEventListener("focus", again);
    document.removeEventListener("visibilitychange", again);
    window.removeEventListener("pagehide", leaving);
    window.removeEventListener("beforeunload", warn);
    window.clearInterval(timer);
  });
}

/** What was not saved when the page was left is back, as an edit that can be undone. */
function restore(builder: Builder, kept: Kept): void {
  builder.become(kept.document);
  builder.announce(t("found_restored"));
}

function isWaiting(state: SaveState): boolean {
  return state.name === "offline" || state.name === "signed_out" || state.name === "waiting";
}

/** What the server found in a draft; what was typed meanwhile keeps the problems that it had. */
function checked(builder: Builder, problems: readonly Problem[], document: JsonObject, length: Length | null): void {
  if (builder.document.value !== document) return;
  builder.setProblems(problems);
  builder.length.value = length;
}

async function readPage(url: string): Promise<Document> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: "same-origin", headers: { Accept: "text/html" } });
  } catch {
    throw new HttpError(0, "offline", "");
  }
  if (!response.ok) throw new HttpError(response.status, "error", "");
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

function renewToken(page: Document): void {
  const token = page.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content;
  const ours = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]');
  if (token && ours) ours.content = token;
}

function storageWorks(): boolean {
  try {
    localStorage.setItem("signoff:probe", "1");
    localStorage.removeItem("signoff:probe");
    return true;
  } catch {
    return false;
  }
}
