import { beforeEach, expect, test } from "vitest";
import lines from "./lines";

const WORDS = { added: "added {n}/{count}", copied: "copied {n}", removed: "removed {n}", moved: "now {n}/{count}", pasted: "{n} pasted", misfits: "{n} wrong", full: "full" };

function row(number: string, values: readonly string[] = ["", "", ""]): string {
  const [what, quantity, kind] = values;
  const start = `f-lines-${number}`;
  return `<tr data-row="${number}"><td><input class="form-control" type="text" name="${start}-what" value="${what}"></td>
    <td class="number"><input class="form-control number" type="text" name="${start}-quantity" value="${quantity}"></td>
    <td><select name="${start}-kind"><option value=""></option><option value="in"${kind === "in" ? " selected" : ""}>Inwards</option></select></td>
    <td><output id="${start}-total"></output></td>
    <td class="lines-tools"><input type="hidden" name="${start}" value="1"><button data-lines="up"></button><button data-lines="down"></button><button data-lines="copy"></button><button data-lines="remove"></button></td></tr>`;
}

let form: HTMLFormElement;
let changes: number;

beforeEach(() => {
  document.body.innerHTML = `<form><fieldset data-key="f-lines" data-most="6"><table><thead><tr><th>What</th><th>Quantity *</th><th>Kind</th><th>Total</th><th>Row</th></tr></thead>
    <tbody>${row("0", ["lamp", "2", "in"])}${row("1", ["cup", "3", ""])}</tbody></table><template>${row("__row__")}</template>
    <button data-lines="add"></button><span data-lines-said class="visually-hidden"></span></fieldset></form>`;
  form = document.querySelector("form") as HTMLFormElement;
  form.querySelector("fieldset")!.dataset["words"] = JSON.stringify(WORDS);
  changes = 0;
  form.addEventListener("signoff:changed", () => changes++);
  lines(form.querySelector("fieldset") as HTMLElement);
});

/** What a server would read, row by row in the order of the page. */
function sent(): string[] {
  return [...form.querySelectorAll("tbody tr")].map((each) => [...each.querySelectorAll<HTMLInputElement>("td:not(.lines-tools) :is(input, select)")].map((input) => input.value).join("|"));
}

function cell(name: string): HTMLInputElement {
  return form.querySelector(`[name="f-lines-${name}"]`) as HTMLInputElement;
}

function key(name: string, key: string, more: KeyboardEventInit = {}): void {
  cell(name).focus();
  cell(name).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
}

function press(number: number, action: string): void {
  form.querySelectorAll("tbody tr")[number]?.querySelector<HTMLButtonElement>(`[data-lines=${action}]`)?.click();
}

function paste(name: string, text: string): void {
  const event = new Event("paste", { bubbles: true, cancelable: true });
  Object.assign(event, { clipboardData: { getData: () => text } });
  cell(name).dispatchEvent(event);
}

const said = (): string => form.querySelector("[data-lines-said]")?.textContent ?? "";
const focused = (): string => (document.activeElement as HTMLInputElement).name;

test("a row is added with a number of its own, and has the focus", () => {
  form.querySelector<HTMLButtonElement>("[data-lines=add]")?.click();
  expect(focused()).toBe("f-lines-2-what");
  expect([said(), changes]).toEqual(["added 3/3", 1]);
});

test("a copy stands behind its row with its values and another number", () => {
  press(0, "copy");
  expect(sent()).toEqual(["lamp|2|in", "lamp|2|in", "cup|3|"]);
  expect(cell("2").value).toBe("1");
  expect(said()).toBe("copied 2");
});

test("rows move by buttons and by Alt with an arrow, which keeps the focus", () => {
  key("1-quantity", "ArrowUp", { altKey: true });
  expect(sent()).toEqual(["cup|3|", "lamp|2|in"]);
  expect([focused(), said()]).toEqual(["f-lines-1-quantity", "now 1/2"]);
  key("1-quantity", "ArrowUp", { altKey: true });
  expect(sent()).toEqual(["cup|3|", "lamp|2|in"]);
  press(0, "down");
  expect(sent()).toEqual(["lamp|2|in", "cup|3|"]);
});

test("what is sent has the order of the page", () => {
  press(0, "down");
  expect([...new FormData(form).keys()].filter((name) => name.endsWith("what"))).toEqual(["f-lines-1-what", "f-lines-0-what"]);
});

test("the last row that is removed leaves an empty one", () => {
  press(0, "remove");
  press(0, "remove");
  expect(sent()).toEqual(["||"]);
});

test("Enter goes down, and behind the last filled row begins another", () => {
  key("0-quantity", "Enter");
  expect(focused()).toBe("f-lines-1-quantity");
  key("1-quantity", "Enter");
  expect(focused()).toBe("f-lines-2-quantity");
  key("2-quantity", "Enter");
  expect(sent()).toHaveLength(3);
  key("2-quantity", "Enter", { shiftKey: true });
  expect(focused()).toBe("f-lines-1-quantity");
});

test("Enter while a Chinese word is composed stays where it is", () => {
  key("0-what", "Enter", { isComposing: true });
  expect(focused()).toBe("f-lines-0-what");
});

test("rows of a spreadsheet are pasted from the cell on, with the numbers as forms take them", () => {
  paste("1-what", 'jug\t"1,200"\tInwards\t9\r\n"two\nlines"\t4\tin\t9\r\n');
  expect(sent()).toEqual(["lamp|2|in", "jug|1200|in", "two lines|4|in"]);
  expect([said(), changes]).toEqual(["2 pasted", 1]);
});

test("a head is left out, cells that do not fit are counted aloud", () => {
  paste("0-what", "What\tQuantity\tKind\nbox\t1\tsideways\n");
  expect(sent()[0]).toBe("box|1|");
  expect(said()).toBe("1 pasted 1 wrong");
  expect(form.querySelector("[data-lines-said]")?.classList.contains("visually-hidden")).toBe(false);
});

test("no more rows are pasted than there may be, and that is said", () => {
  paste("0-what", Array.from({ length: 9 }, (_each, place) => `thing ${place}\t${place}`).join("\n"));
  expect(sent()).toHaveLength(6);
  expect(said()).toBe("6 pasted full");
  expect(form.querySelector<HTMLButtonElement>("[data-lines=add]")?.disabled).toBe(true);
});

test("one word is pasted as browsers paste", () => {
  const event = new Event("paste", { bubbles: true, cancelable: true });
  Object.assign(event, { clipboardData: { getData: () => "word" } });
  cell("0-what").dispatchEvent(event);
  expect(event.defaultPrevented).toBe(false);
});
