import { expect, test } from "vitest";
import { altered } from "./inputs";

function form(html: string): HTMLFormElement {
  document.body.innerHTML = `<form>${html}</form>`;
  return document.querySelector("form")!;
}

const PAGE = `
  <input name="text" value="as it came"><input name="token" type="hidden" value="1"><textarea name="long">as it came</textarea>
  <input name="tick" type="checkbox" value="y" checked><input name="one" type="radio" value="a" checked><input name="one" type="radio" value="b">
  <select name="unset"><option value="">Choose</option><option value="a">A</option></select>
  <select name="set"><option value="">Choose</option><option value="a" selected>A</option></select>
  <select name="many" multiple><option value="a">A</option><option value="b" selected>B</option></select>`;

test("a page as it came has nothing altered", () => {
  expect(altered(form(PAGE))).toEqual([]);
});

test("what was entered before the script ran is found, whatever holds it", () => {
  const page = form(PAGE);
  const of = <T extends Element>(selector: string): T => page.querySelector<T>(selector)!;
  of<HTMLInputElement>("[name=text]").value = "typed";
  of<HTMLInputElement>("[name=token]").value = "2";
  of<HTMLTextAreaElement>("textarea").value = "";
  of<HTMLInputElement>("[name=tick]").checked = false;
  of<HTMLInputElement>("[name=one][value=b]").checked = true;
  of<HTMLSelectElement>("[name=unset]").value = "a";
  of<HTMLSelectElement>("[name=set]").value = "";
  of<HTMLOptionElement>("[name=many] [value=a]").selected = true;
  expect(altered(page)).toEqual(["text", "long", "tick", "one", "unset", "set", "many"]);
});
