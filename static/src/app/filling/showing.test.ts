// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from "vitest";

import { Showing } from "./showing";

const notice = (ids: string): string => `<section class="doubles" data-doubles="order" data-ids="${ids}"><input type="checkbox" name="confirmed" value="${ids}"></section>`;

let form: HTMLFormElement;
let showing: Showing;

beforeEach(() => {
  document.body.innerHTML = `<form><div class="form-row"><div class="field" data-field="order"></div></div><div class="form-row"></div><div class="form-actions"></div></form>`;
  form = document.querySelector("form") as HTMLFormElement;
  showing = new Showing(form);
});

const box = (): HTMLInputElement | null => form.querySelector<HTMLInputElement>("[name=confirmed]");

describe("other records that hold the same", () => {
  it("are told of below the line of the field", () => {
    showing.doubles({ order: notice("7") });
    expect(form.querySelector(".form-row")?.nextElementSibling?.getAttribute("data-ids")).toBe("7");
  });

  it("keep what was ticked while they are the same", () => {
    showing.doubles({ order: notice("7") });
    const ticked = box() as HTMLInputElement;
    ticked.checked = true;
    showing.doubles({ order: notice("7") });
    expect(box()).toBe(ticked);
    showing.doubles({ order: notice("8") });
    expect(box()?.checked).toBe(false);
    expect(form.querySelectorAll("[data-doubles]")).toHaveLength(1);
  });

  it("go when there are none, and stand at the end where their field is not on the page", () => {
    showing.doubles({ order: notice("7") });
    showing.doubles({});
    expect(box()).toBeNull();
    showing.doubles({ other: notice("7") });
    expect(form.querySelector(".form-actions")?.previousElementSibling?.matches("[data-doubles]")).toBe(true);
  });
});
