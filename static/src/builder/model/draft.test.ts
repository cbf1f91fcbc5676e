/** Whatever happens on the way to the server, nothing that was changed is lost. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DraftKeeper, type Kept, type SaveState } from "./draft";
import type { JsonObject } from "./json";

const started: JsonObject = { key: "f", title: "A" };
const changed: JsonObject = { key: "f", title: "B" };
const fetched = vi.fn<(url: string, init: RequestInit) => Promise<Response>>();
let states: SaveState[] = [];
let kept: Map<string, string>;
let signedInAgain = false;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", fetched);
  fetched.mockReset();
  states = [];
  kept = new Map();
  signedInAgain = false;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function keeper(revision = 0): DraftKeeper {
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  const ends = {
    url: (key: string) => `/drafts/${key}`,
    storage,
    place: (key: string) => `draft:${key}`,
    changed: (state: SaveState) => states.push(state),
    checked: vi.fn(),
    renew: () => Promise.resolve(signedInAgain),
  };
  return new DraftKeeper(ends, started, 1, revision);
}

function answers(status: number, body: unknown): void {
  fetched.mockImplementation(() => Promise.resolve(new Response(JSON.stringify(body), { status })));
}

function sent(call = 0): unknown {
  return JSON.parse(String(fetched.mock.calls[call]?.[1].body));
}

const last = (): SaveState | undefined => states.at(-1);
const inBrowser = (): Kept | null => JSON.parse(kept.get("draft:f") ?? "null") as Kept | null;
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

test("a pause after the last change saves once, on the revision that is there", async () => {
  answers(200, { revision: 5, base_version: 1, problems: [] });
  const draft = keeper(4);
  draft.change({ ...started, title: "Ab" });
  await pass(500);
  draft.change(changed);
  expect(fetched).not.toHaveBeenCalled();
  await pass(1000);
  expect(fetched).toHaveBeenCalledTimes(1);
  expect(sent()).toEqual({ document: changed, base_version: 1, revision: 4 });
  expect(last()?.name).toBe("saved");
  expect(draft.revision).toBe(5);
  expect(inBrowser()).toBeNull();
});

test("what is changed while it is saved is saved after it", async () => {
  let arrive: (answer: Response) => void = () => undefined;
  fetched.mockImplementationOnce(() => new Promise((resolve) => (arrive = resolve)));
  const draft = keeper();
  draft.change(changed);
  await pass(1000);
  draft.change({ ...changed, title: "C" });
  answers(200, { revision: 2, base_version: 1 });
  arrive(new Response(JSON.stringify({ revision: 1, base_version: 1 }), { status: 200 }));
  await pass(1000);
  expect(sent(1)).toEqual({ document: { ...changed, title: "C" }, base_version: 1, revision: 1 });
  expect(last()?.name).toBe("saved");
});

test("without a connection it stays in the browser and is tried again", async () => {
  fetched.mockRejectedValue(new TypeError("no network"));
  const draft = keeper();
  draft.change(changed);
  await pass(1000);
  expect(last()?.name).toBe("offline");
  expect(inBrowser()).toMatchObject({ document: changed, revision: 0 });
  answers(200, { revision: 1, base_version: 1 });
  await pass(5000);
  expect(last()?.name).toBe("saved");
  expect(inBrowser()).toBeNull();
});

test("after the sign-in ended it waits until the person is back", async () => {
  answers(401, { code: "not_signed_in", detail: "Sign in." });
  const draft = keeper();
  draft.change(changed);
  await pass(1000);
  expect(last()?.name).toBe("signed_out");
  draft.change({ ...changed, title: "C" });
  await pass(60_000);
  expect(fetched).toHaveBeenCalledTimes(1);
  expect(inBrowser()?.document).toEqual({ ...changed, title: "C" });
  answers(200, { revision: 1, base_version: 1 });
  await draft.flush();
  expect(last()?.name).toBe("signed_out");
  signedInAgain = true;
  await draft.flush();
  expect(last()?.name).toBe("saved");
});

test("another editor is named, and overwritten only after somebody decided", async () => {
  answers(409, { code: "conflict", detail: "Li saved", by: "li", at: "2026-03-01T00:00:00Z", revision: 7 });
  const draft = keeper(4);
  draft.change(changed);
  await pass(1000);
  expect(last()).toEqual({ name: "conflict", by: "li", at: "2026-03-01T00:00:00Z" });
  draft.change({ ...changed, title: "C" });
  await pass(60_000);
  expect(fetched).toHaveBeenCalledTimes(1);
  answers(200, { revision: 8, base_version: 1 });
  draft.settle({ ...started, title: "Li's" }, 1, 7);
  await pass(1000);
  expect(sent(1)).toEqual({ document: { ...changed, title: "C" }, base_version: 1, revision: 7 });
  expect(last()?.name).toBe("saved");
});

test("what is refused says why and stays", async () => {
  answers(422, { code: "refused", detail: "The key must stay.", problems: [] });
  const draft = keeper();
  draft.change(changed);
  await pass(1000);
  expect(last()).toEqual({ name: "refused", message: "The key must stay." });
  expect(inBrowser()?.document).toEqual(changed);
});

test("the next visit finds what was never saved", async () => {
  fetched.mockRejectedValue(new TypeError("no network"));
  const draft = keeper(3);
  draft.change(changed);
  await pass(300);
  draft.stop();
  expect(keeper(3).found()).toMatchObject({ document: changed, revision: 3 });
  kept.set("draft:f", "no json");
  expect(keeper(3).found()).toBeNull();
});

test("a change that was undone needs no saving", async () => {
  const draft = keeper();
  draft.change(changed);
  draft.change({ ...started });
  await pass(10_000);
  expect(fetched).not.toHaveBeenCalled();
  expect(last()?.name).toBe("clean");
  expect(inBrowser()).toBeNull();
});
