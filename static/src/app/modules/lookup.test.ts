import { afterEach, beforeEach, expect, test, vi } from "vitest";
import lookup from "./lookup";

const ITEMS = [
  { id: 7, text: "A1 Lantern", details: ["¥3.39", "A1"] },
  { id: 8, text: "B2 Cup", details: [] },
];
let input: HTMLInputElement;
let asked: string[];

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  Element.prototype.scrollIntoView = () => undefined;
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(new URL(url).searchParams.get("q") ?? "");
    return new Response(JSON.stringify({ items: url.includes("q=none") ? [] : ITEMS }), { status: 200 });
  });
  document.body.innerHTML = `<form><div class="lookup" data-url="/lookup" data-fills="price" data-none="Nothing" data-found="{n} found">
    <input class="form-control" id="f-lines-0-product" name="f-lines-0-product">
    <input type="hidden" name="f-lines-0-product-id"><input type="hidden" name="f-lines-0-product-shown"></div><input id="f-lines-0-price" value="9"></form>`;
  lookup(document.querySelector(".lookup") as HTMLElement);
  input = document.querySelector("#f-lines-0-product") as HTMLInputElement;
  input.focus();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function type(text: string): Promise<void> {
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await vi.advanceTimersByTimeAsync(300);
}

function press(key: string): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  input.dispatchEvent(event);
  return event;
}

const hidden = (name: string): string => document.querySelector<HTMLInputElement>(`[name="f-lines-0-product-${name}"]`)?.value ?? "";
const options = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[role=option]")];

test("it is a combobox before it is used, and makes its list when it is", () => {
  expect(input.getAttribute("role")).toBe("combobox");
  expect(document.querySelectorAll("[role=listbox]")).toHaveLength(1);
});

test("one that has the focus before its script begins answers to what is typed", async () => {
  const fresh = document.querySelector(".lookup")!.cloneNode(true) as HTMLElement;
  for (const made of fresh.querySelectorAll("[role=listbox], [role=status]")) made.remove();
  document.body.replaceChildren(fresh);
  input = fresh.querySelector("input")!;
  input.focus();
  lookup(fresh);
  await type("lan");
  expect(asked).toEqual(["lan"]);
  expect(options()).toHaveLength(2);
});

test("what is typed is asked for once, and answered aloud", async () => {
  input.value = "la";
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await type("lan");
  expect(asked).toEqual(["lan"]);
  expect(document.querySelector("[role=status]")?.textContent).toBe("2 found");
  expect(options()[0]?.textContent).toBe("A1 Lantern¥3.39");
  await type("none");
  expect(document.querySelector("[role=status]")?.textContent).toBe("Nothing");
  expect(input.getAttribute("aria-expanded")).toBe("false");
});

test("arrows go round the list, Enter takes one and empties what it fills", async () => {
  const changed = vi.fn();
  document.querySelector("form")?.addEventListener("change", changed);
  await type("a");
  press("ArrowDown");
  press("ArrowDown");
  expect(options()[1]?.getAttribute("aria-selected")).toBe("true");
  expect(input.getAttribute("aria-activedescendant")).toBe(options()[1]?.id);
  press("ArrowDown");
  expect(options()[0]?.getAttribute("aria-selected")).toBe("true");
  expect(press("Enter").defaultPrevented).toBe(true);
  expect([input.value, hidden("id"), hidden("shown")]).toEqual(["A1 Lantern", "7", "A1 Lantern"]);
  expect(document.querySelector<HTMLInputElement>("#f-lines-0-price")?.value).toBe("");
  expect(changed).toHaveBeenCalledOnce();
});

test("typing over a chosen record lets go of it", async () => {
  await type("a");
  press("Enter");
  await type("A1 Lanter");
  expect(hidden("id")).toBe("");
});

test("Escape closes the list and keeps the words", async () => {
  await type("a");
  expect(press("Escape").defaultPrevented).toBe(true);
  expect([input.value, input.getAttribute("aria-expanded")]).toEqual(["a", "false"]);
  expect(press("Escape").defaultPrevented).toBe(false);
});
