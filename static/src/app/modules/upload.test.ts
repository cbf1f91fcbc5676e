import { afterEach, beforeEach, expect, test, vi } from "vitest";
import upload from "./upload";

const WORDS = { remove: "Remove {name}", failed: "{name} failed", large: "{name} has {size}, most {most}", kind: "{name} not {accept}", empty: "{name} empty", retry: "Again", done: "{name} there", wait: "wait" };
let requests: FakeRequest[];

class FakeRequest extends EventTarget {
  status = 0;
  responseText = "";
  readonly upload = new EventTarget();
  body: FormData | undefined;
  aborted = false;
  open(): void {}
  setRequestHeader(): void {}
  send(body: FormData): void {
    this.body = body;
    requests.push(this);
  }
  abort(): void {
    this.aborted = true;
    this.dispatchEvent(new Event("loadend"));
  }
  answer(status: number, body: unknown): void {
    this.status = status;
    this.responseText = JSON.stringify(body);
    this.dispatchEvent(new Event("load"));
    this.dispatchEvent(new Event("loadend"));
  }
  fail(): void {
    this.dispatchEvent(new Event("error"));
    this.dispatchEvent(new Event("loadend"));
  }
}

function page(many: string): void {
  document.body.innerHTML = `<form data-upload="/files"><div class="upload" data-name="f-photos" data-many="${many}" data-accept="image/*" data-kinds="images" data-most="1024">
    <ul class="upload-files"></ul><div class="upload-drop"><input type="file" id="f-photos"></div><span data-upload-said></span></div><button>Send</button></form>`;
  const element = document.querySelector(".upload") as HTMLElement;
  element.dataset["words"] = JSON.stringify(WORDS);
  upload(element);
}

beforeEach(() => {
  requests = [];
  vi.stubGlobal("XMLHttpRequest", FakeRequest);
  page("yes");
});

afterEach(() => vi.unstubAllGlobals());

function drop(...files: File[]): void {
  const event = new Event("drop", { bubbles: true, cancelable: true });
  Object.assign(event, { dataTransfer: { files } });
  document.querySelector(".upload-drop")?.dispatchEvent(event);
}

const photo = (name: string, bytes = 5): File => new File(["x".repeat(bytes)], name, { type: "image/tiff" });
const stored = (name: string): object => ({ id: `id-${name}`, name, size_bytes: 5, url: "/x", thumbnail_url: "/t" });
const lines = (): string[] => [...document.querySelectorAll(".upload-file")].map((line) => line.textContent ?? "");
const ids = (): string[] => [...document.querySelectorAll<HTMLInputElement>("[name=f-photos]")].map((input) => input.value);

test("several go up at once, three at a time, and each becomes an input", () => {
  drop(photo("a"), photo("b"), photo("c"), photo("d"));
  expect(requests).toHaveLength(3);
  requests[1]?.answer(201, stored("b"));
  expect(requests).toHaveLength(4);
  for (const place of [0, 2, 3]) requests[place]?.answer(201, stored("acd"[place > 0 ? place - 1 : 0] ?? ""));
  expect(ids()).toEqual(["id-a", "id-b", "id-c", "id-d"]);
  expect(document.querySelectorAll("img[src='/t']")).toHaveLength(4);
});

test("what is wrong with one file is said at that file, the others go on", () => {
  drop(photo("big", 2000), new File(["x"], "a.txt", { type: "text/plain" }), new File([], "nothing", { type: "image/png" }), photo("good"));
  expect(lines().slice(0, 3).map((line) => line.replace("×", ""))).toEqual(["big has 2 kB, most 1 kB", "a.txt not images", "nothing empty"]);
  expect(requests).toHaveLength(1);
});

test("what the server refuses is said in its words; a lost connection may be tried again", () => {
  drop(photo("a"), photo("b"));
  requests[0]?.answer(422, { detail: "This is no picture." });
  requests[1]?.fail();
  expect(lines()).toEqual(["a: This is no picture.×", "b failedAgain×"]);
  [...document.querySelectorAll("button")].find((button) => button.textContent === "Again")?.click();
  requests[2]?.answer(201, stored("b"));
  expect(ids()).toEqual(["id-b"]);
});

test("a file that is taken off while it goes up is given up", () => {
  const changed = vi.fn();
  document.querySelector("form")?.addEventListener("signoff:changed", changed);
  drop(photo("a"));
  document.querySelector<HTMLButtonElement>("[data-upload=remove]")?.click();
  expect([requests[0]?.aborted, lines().length, changed.mock.calls.length]).toEqual([true, 0, 1]);
});

test("where one file is asked for, another takes its place", () => {
  page("");
  drop(photo("a"), photo("b"));
  expect(requests).toHaveLength(1);
  requests[0]?.answer(201, stored("a"));
  drop(photo("c"));
  requests[1]?.answer(201, stored("c"));
  expect(ids()).toEqual(["id-c"]);
});

test("a form sent too early waits for its files", () => {
  const form = document.querySelector("form") as HTMLFormElement;
  const sent = vi.spyOn(form, "requestSubmit").mockImplementation(() => undefined);
  drop(photo("a"));
  const event = new Event("submit", { bubbles: true, cancelable: true });
  form.dispatchEvent(event);
  expect([event.defaultPrevented, document.querySelector("[data-upload-said]")?.textContent]).toEqual([true, "wait"]);
  requests[0]?.answer(201, stored("a"));
  expect(sent).toHaveBeenCalledOnce();
});
