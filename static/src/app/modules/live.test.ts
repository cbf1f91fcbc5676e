import { afterEach, beforeEach, expect, test, vi } from "vitest";
import live from "./live";

class Source extends EventTarget {
  static readonly CLOSED = 2;
  static made: Source[] = [];
  readyState = 1;

  constructor(readonly url: string) {
    super();
    Source.made.push(this);
  }

  close(): void {
    this.readyState = Source.CLOSED;
  }

  say(id: string, inbox: number, bell: number, ...came: number[]): void {
    const data = JSON.stringify({
      counts: { inbox, bell },
      new: came.map((each) => ({ id: each, title: `Task ${each}`, url: `/n/${each}` })),
    });
    this.dispatchEvent(new MessageEvent("news", { data, lastEventId: id }));
  }

  fail(state: number): void {
    this.readyState = state;
    this.dispatchEvent(new Event("error"));
  }
}

const last = (): Source => Source.made.at(-1)!;
const notices = (): string[] => [...document.querySelectorAll(".live-notice a")].map((each) => each.textContent ?? "");

function look(hidden: boolean): void {
  vi.spyOn(document, "hidden", "get").mockReturnValue(hidden);
  document.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Source);
  Source.made = [];
  sessionStorage.clear();
  document.body.innerHTML =
    '<a data-live="inbox" href="/inbox">Inbox<span class="count">2</span></a><a class="iconbutton" data-live="bell" href="/n"></a><div id="live" data-url="/live" data-words="{&quot;new&quot;:&quot;New:&quot;}"></div>';
});

afterEach(() => {
  look(true); // the modules of one test hear nothing of the next
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const begin = (): void => live(document.getElementById("live")!);

test("numbers change, and what came is told once", () => {
  begin();
  last().say("7.a", 2, 1);
  expect(document.querySelector(".count")!.textContent).toBe("2");
  expect(document.querySelector(".dot")!.textContent).toBe("1");
  expect(notices()).toEqual([]);
  last().say("7.b", 3, 2, 8);
  expect(document.querySelector(".count")!.textContent).toBe("3");
  expect(notices()).toEqual(["New: Task 8"]);
  document.querySelector<HTMLElement>(".live-notice button")!.click();
  last().say("7.c", 3, 3, 8, 9);
  expect(notices()).toEqual(["New: Task 9"]);
});

test("several that came together are told together", () => {
  begin();
  last().say("7.b", 3, 2, 8, 9);
  expect(notices()).toEqual(["New: Task 8", "New: Task 9"]);
});

test("a number that is gone leaves no empty sign", () => {
  begin();
  last().say("7.a", 0, 0);
  expect(document.querySelector(".count, .dot")).toBeNull();
});

test("the next page of the tab goes on where this one was", () => {
  begin();
  expect(last().url).toBe("/live");
  last().say("7.b", 3, 2, 8);
  begin();
  expect(last().url).toBe("/live?last=7.b");
  last().say("7.b", 3, 2, 8);
  expect(notices()).toEqual(["New: Task 8"]);
});

test("a tab that nobody looks at holds no stream", () => {
  begin();
  const first = last();
  look(true);
  expect(first.readyState).toBe(Source.CLOSED);
  look(false);
  expect(Source.made.length).toBe(2);
});

test("the browser comes again by itself; where it gives up, we do, later and later", () => {
  begin();
  last().fail(0);
  vi.advanceTimersByTime(60_000);
  expect(Source.made.length).toBe(1);
  last().fail(Source.CLOSED);
  vi.advanceTimersByTime(4_999);
  expect(Source.made.length).toBe(1);
  vi.advanceTimersByTime(1);
  expect(Source.made.length).toBe(2);
  last().fail(Source.CLOSED);
  vi.advanceTimersByTime(9_999);
  expect(Source.made.length).toBe(2);
  vi.advanceTimersByTime(1);
  expect(Source.made.length).toBe(3);
});

test("other modules hear of it", () => {
  const heard = vi.fn();
  document.addEventListener("signoff:news", (event) => heard((event as CustomEvent<{ counts: object }>).detail.counts));
  begin();
  last().say("7.a", 2, 1);
  expect(heard).toHaveBeenCalledWith({ inbox: 2, bell: 1 });
});
