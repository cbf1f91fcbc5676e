import { beforeEach, expect, test } from "vitest";
import menu from "./menu";

let details: HTMLDetailsElement;

beforeEach(() => {
  document.body.innerHTML =
    '<details open><summary>Records</summary><a href="/a">A</a><a href="/b">B</a></details><button>outside</button>';
  details = document.querySelector("details")!;
  menu(details);
});

function press(key: string): void {
  (document.activeElement ?? details).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}

test("Escape closes the menu and gives the focus back to its name", () => {
  details.querySelector("a")!.focus();
  press("Escape");
  expect(details.open).toBe(false);
});

test("a click elsewhere closes it, a click inside does not", () => {
  details.querySelector("a")!.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  expect(details.open).toBe(true);
  document.querySelector("button")!.click();
  expect(details.open).toBe(false);
});

test("arrow keys go through the lines and around", () => {
  details.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
  expect(document.activeElement?.textContent).toBe("A");
  press("ArrowDown");
  press("ArrowDown");
  expect(document.activeElement?.textContent).toBe("A");
  press("ArrowUp");
  expect(document.activeElement?.textContent).toBe("B");
});
