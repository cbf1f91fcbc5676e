import { afterEach, beforeEach, expect, test, vi } from "vitest";
import live from "./live";

let answers: { status: number; news?: unknown }[];
let asked: Headers[];

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML =
    '<a data-live="inbox" href="/inbox">Inbox<span class="count">2</span></a><a class="iconbutton" data-live="bell" href="/n"></a><div id="live" data-url="/live" data-words="{&quot;new&quot;:&quot;New:&quot;}"></div>';
  asked = [];
  vi.stubGlobal("fetch", (_url: string, init: RequestInit) => {
    asked.push(new Headers(init.headers));
    const { status, news } = answers.length > 1 ? answers.shift()! : answers[0]!;
    return Promise.resolve(
      new Response(status === 304 ? null : JSON.stringify(news), { status, headers: { ETag: '"1"' } }),
    );
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
}

function news(inbox: number, bell: number, id: number): { status: number; news: unknown } {
  return { status: 200, news: { counts: { inbox, bell }, newest: { id, title: `Task ${id}`, url: `/n/${id}` } } };
}

test("numbers change, and what came later is told once", async () => {
  answers = [news(2, 1, 7), news(3, 2, 8), { status: 304 }];
  live(document.getElementById("live")!);
  await pass(10);
  expect(document.querySelector(".count")!.textContent).toBe("2");
  expect(document.querySelector(".dot")!.textContent).toBe("1");
  expect(document.querySelector(".live-notice")).toBeNull();
  await pass(5_000);
  expect(document.querySelector(".count")!.textContent).toBe("3");
  expect(document.querySelector(".live-notice a")!.textContent).toBe("New: Task 8");
  document.querySelector<HTMLElement>(".live-notice button")!.click();
  await pass(5_000);
  expect(document.querySelector(".live-notice")).toBeNull();
  expect(asked[2]!.get("If-None-Match")).toBe('"1"');
});

test("a number that is gone leaves no empty sign", async () => {
  answers = [news(0, 0, 7)];
  live(document.getElementById("live")!);
  await pass(10);
  expect(document.querySelectorAll(".count, .dot")).toHaveLength(0);
});

test("who is signed out is asked for nothing more; a server that is away is asked less and less", async () => {
  answers = [{ status: 500 }];
  live(document.getElementById("live")!);
  await pass(40_000);
  expect(asked.length).toBeLessThan(5);
  answers = [{ status: 401 }];
  await pass(60_000);
  const before = asked.length;
  await pass(120_000);
  expect(asked.length).toBe(before);
});
