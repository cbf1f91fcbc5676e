import { afterEach, beforeEach, expect, test, vi } from "vitest";
import inbox from "./inbox";

const WORDS = JSON.stringify({ help: "Keys", selected: "{n} selected", arrived: "Show {n} new" });
const row = (id: number): string => `<li class="inbox-row" data-task="${id}"><input type="checkbox"><a href="/inbox?task=${id}">${id}</a></li>`;
const page = (...ids: number[]): string =>
  ids.length ? `<form class="inbox-list"><ul>${ids.map(row).join("")}</ul></form><section class="inbox-pane" id="pane">pane of ${ids[0]}</section>` : "<p>Your inbox is empty</p>";

let answer: string;

function begin(...ids: number[]): HTMLElement {
  document.body.innerHTML = `<div id="root" data-words='${WORDS}'><button data-inbox-new hidden></button>${page(...ids)}</div>`;
  const root = document.getElementById("root")!;
  inbox(root);
  return root;
}

async function news(): Promise<HTMLButtonElement> {
  document.dispatchEvent(new CustomEvent("signoff:news"));
  await vi.waitFor(() => expect(fetch).toHaveBeenCalled());
  await new Promise((then) => setTimeout(then));
  return document.querySelector<HTMLButtonElement>("[data-inbox-new]")!;
}

beforeEach(() => {
  vi.stubGlobal("fetch", vi.fn(async () => new Response(answer, { headers: { "Content-Type": "text/html" } })));
});
afterEach(() => vi.unstubAllGlobals());

test("what arrives is announced and comes when asked for; what is selected stays so", async () => {
  const root = begin(1, 2);
  root.querySelector<HTMLInputElement>("[data-task='2'] input")!.checked = true;
  answer = page(3, 1, 2);
  const button = await news();
  expect([button.hidden, button.textContent]).toEqual([false, "Show 1 new"]);
  expect(root.querySelectorAll(".inbox-row").length).toBe(2);
  button.click();
  expect([...root.querySelectorAll<HTMLElement>(".inbox-row")].map((each) => each.dataset["task"])).toEqual(["3", "1", "2"]);
  expect(root.querySelector<HTMLInputElement>("[data-task='2'] input")!.checked).toBe(true);
});

test("an empty inbox announces what arrives, too", async () => {
  begin();
  answer = page(7);
  const button = await news();
  expect([button.hidden, button.textContent]).toEqual([false, "Show 1 new"]);
});

test("the row that is open says so to everybody", async () => {
  const root = begin(1, 2);
  answer = page(2);
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
  await vi.waitFor(() => expect(root.querySelector("#pane")!.textContent).toBe("pane of 2"));
  const open = root.querySelector(".is-open a");
  expect(open?.getAttribute("aria-current")).toBe("true");
  expect(root.querySelectorAll("[aria-current]").length).toBe(1);
});
