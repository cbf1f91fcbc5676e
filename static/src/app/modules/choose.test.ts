import { beforeEach, expect, test } from "vitest";
import choose from "./choose";

const box = (selector: string): HTMLInputElement => document.querySelector<HTMLInputElement>(selector)!;
const boxes = (): HTMLInputElement[] => [...document.querySelectorAll<HTMLInputElement>("[name=id]")];
const said = (): string | null => document.querySelector("[data-chosen]")!.textContent;

beforeEach(() => {
  document.body.innerHTML = `<form data-words='{"chosen": "{n} chosen"}'>
    <div class="choose-page"><input type="checkbox" data-choose-page><span data-chosen></span></div>
    <input type="checkbox" name="id" value="1"><input type="checkbox" name="id" value="2" checked>
    <select name="field"><option>a</option><option>b</option></select>
    <input type="checkbox" name="all" value="yes" data-choose-all></form>`;
  choose(document.querySelector("form")!);
});

function tick(selector: string, checked: boolean): void {
  box(selector).checked = checked;
  box(selector).dispatchEvent(new Event("change", { bubbles: true }));
}

test("what was ticked already is counted", () => {
  expect(said()).toBe("1 chosen");
  expect(box("[data-choose-page]").indeterminate).toBe(true);
});

test("one box ticks all of the page, and takes them back", () => {
  tick("[data-choose-page]", true);
  expect(boxes().map((each) => each.checked)).toEqual([true, true]);
  expect(said()).toBe("2 chosen");
  tick("[data-choose-page]", false);
  expect(boxes().map((each) => each.checked)).toEqual([false, false]);
  expect(said()).toBe("");
});

test("all that match are not all any more once one is taken out", () => {
  tick("[data-choose-all]", true);
  expect(boxes().every((each) => each.checked)).toBe(true);
  document.querySelector("select")!.dispatchEvent(new Event("change", { bubbles: true }));
  expect(box("[data-choose-all]").checked).toBe(true);
  tick("[value='1']", false);
  expect(box("[data-choose-all]").checked).toBe(false);
  expect(said()).toBe("1 chosen");
});
