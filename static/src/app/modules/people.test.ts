import { afterEach, beforeEach, expect, test, vi } from "vitest";
import people from "./people";

const ANSWER = { items: [{ key: "p700", name: "Wang Wei", email: "w700@x.example" }, { key: "p701", name: "Wang Wei", email: null }] }; // prettier-ignore

function list(count: number, more = ""): HTMLSelectElement {
  const options = Array.from({ length: count }, (_, place) => `<option value="p${place}">Person ${place}</option>`).join("");
  document.body.innerHTML = `<form><select data-url="/people" data-label="Search" data-found="{n} found" data-none="Nobody" ${more}><option value="">Choose</option>${options}</select></form>`;
  const select = document.querySelector("select")!;
  people(select);
  return select;
}

async function type(text: string): Promise<void> {
  const box = document.querySelector<HTMLInputElement>(".people-search")!;
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  await vi.advanceTimersByTimeAsync(200);
}

const values = (select: HTMLSelectElement): string[] => [...select.options].map((each) => each.value);

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a short list stays as it is", () => {
  list(5);
  expect(document.querySelector(".people-search")).toBeNull();
});

test("whom the page does not carry is found on the server; namesakes are told apart, what is chosen stays", async () => {
  const asked = vi.fn(async (_url: string) => new Response(JSON.stringify(ANSWER), { headers: { "Content-Type": "application/json" } }));
  vi.stubGlobal("fetch", asked);
  const select = list(300);
  select.value = "p7";
  await type("wang wei");
  expect(String(asked.mock.calls[0]?.[0])).toContain("/people?q=wang+wei&limit=50");
  expect([...select.options].map((each) => each.text)).toEqual(["Choose", "Person 7", "Wang Wei (w700@x.example)", "Wang Wei (p701)"]);
  expect(select.value).toBe("p7");
  expect(document.querySelector("[role=status]")?.textContent).toBe("2 found");
  await type("");
  expect(values(select)).toHaveLength(301);
});

test("the only one found is chosen, and the form is told; without the server the list is searched", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("offline")));
  const select = list(100);
  const changed = vi.fn();
  document.querySelector("form")!.addEventListener("change", changed);
  await type("person 42");
  expect(select.value).toBe("p42");
  expect(changed).toHaveBeenCalledOnce();
  await type("nobody of that name");
  expect(values(select)).toEqual(["", "p42"]);
  expect(document.querySelector("[role=status]")?.textContent).toBe("Nobody");
});
