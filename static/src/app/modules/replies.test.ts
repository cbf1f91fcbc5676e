import { expect, test } from "vitest";
import replies from "./replies";

function form(comment = ""): HTMLFormElement {
  document.body.innerHTML = `<form><select id="reply"><option value="">Use …</option><option value="a">A</option><option value="b">B</option></select>
    <textarea id="comment"></textarea></form>`;
  const found = document.querySelector("form")!;
  found.querySelector("select")!.dataset["replies"] = JSON.stringify(["First.", "Second."]);
  found.querySelector("textarea")!.value = comment;
  return found;
}

function choose(root: HTMLElement, place: number): string {
  const select = root.querySelector("select")!;
  select.selectedIndex = place;
  select.dispatchEvent(new Event("change"));
  return root.querySelector("textarea")!.value;
}

test("a reply becomes the comment, and the choice is free again", () => {
  const root = form();
  replies(root);
  expect(choose(root, 2)).toBe("Second.");
  expect(root.querySelector("select")!.selectedIndex).toBe(0);
});

test("what was typed stays in front of it", () => {
  const root = form("Dear Amy, ");
  replies(root);
  expect(choose(root, 1)).toBe("Dear Amy,\nFirst.");
  expect(choose(root, 0)).toBe("Dear Amy,\nFirst.");
});
