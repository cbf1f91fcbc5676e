import { afterEach, expect, test, vi } from "vitest";
import { fetchJson, HttpError } from "./http";

function answer(status: number, body: unknown): ReturnType<typeof vi.fn> {
  const fake = vi.fn(async () => new Response(JSON.stringify(body), { status }));
  vi.stubGlobal("fetch", fake);
  return fake;
}

afterEach(() => vi.unstubAllGlobals());

test("a change carries the page's CSRF token and its body as JSON", async () => {
  document.head.innerHTML = '<meta name="csrf-token" content="t0k">';
  const fake = answer(200, { ok: true });
  expect(await fetchJson("/x", { method: "POST", body: { amount: "1.00" } })).toEqual({ ok: true });
  const init = fake.mock.calls[0]?.[1] as RequestInit;
  expect(init.headers).toMatchObject({ "X-CSRFToken": "t0k", "Content-Type": "application/json" });
  expect(init.body).toBe('{"amount":"1.00"}');
});

test("a question carries no token", async () => {
  const fake = answer(200, []);
  await fetchJson("/x");
  expect((fake.mock.calls[0]?.[1] as RequestInit).headers).not.toHaveProperty("X-CSRFToken");
});

test("a problem document becomes an error that knows its problems and who was first", async () => {
  answer(409, { detail: "Li Na approved it.", code: "conflict", problems: [], by: "lina" });
  const error = await fetchJson("/x").catch((caught: unknown) => caught as HttpError);
  expect(error).toBeInstanceOf(HttpError);
  expect(error).toMatchObject({ status: 409, code: "conflict", message: "Li Na approved it.", details: { by: "lina" } });
});

test("an answer that is no JSON is an error in words", async () => {
  vi.stubGlobal("fetch", async () => new Response("<html>", { status: 502 }));
  await expect(fetchJson("/x")).rejects.toMatchObject({ status: 502, code: "error" });
});

test("no answer at all is an error of status 0", async () => {
  vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("network")));
  await expect(fetchJson("/x")).rejects.toMatchObject({ status: 0, code: "offline" });
});
