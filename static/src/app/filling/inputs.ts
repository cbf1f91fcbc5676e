/** Inputs of a form that is being filled: what they hold, and how to put something into them. */

export type Input = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** What a lookup's input shows, and the record behind it. */
export interface Wire {
  id: string;
  text: string;
}

export function isInput(element: unknown): element is Input {
  return element instanceof HTMLInputElement || element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement;
}

export function nameOf(target: EventTarget | null): string {
  return isInput(target) ? target.name : "";
}

/** What would be sent, without files that are uploaded on their own: quicker to read for the server than with its parts. */
export function dataOf(form: HTMLFormElement): URLSearchParams {
  const texts = [...new FormData(form)].filter((each): each is [string, string] => typeof each[1] === "string");
  return new URLSearchParams(texts);
}

/** Texts by the name of their input in the order of the page; inputs that are read-only by being disabled count too. */
export function textsOf(form: HTMLFormElement): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const add = (name: string, text: string): void => {
    const texts = found.get(name);
    if (texts) texts.push(text);
    else found.set(name, [text]);
  };
  for (const [name, value] of new FormData(form)) if (typeof value === "string") add(name, value);
  for (const input of form.querySelectorAll<Input>("select:disabled, input:disabled:checked")) if (input.name) add(input.name, input.value);
  return found;
}

/** The names of the inputs that no longer hold what the page came with: entered before the script ran, or kept by the browser on the way back. */
export function altered(form: HTMLFormElement): string[] {
  const inputs = [...form.elements].filter((each): each is Input => isInput(each) && each.name !== "");
  return [...new Set(inputs.filter(isAltered).map((each) => each.name))];
}

function isAltered(input: Input): boolean {
  if (input instanceof HTMLTextAreaElement) return input.value !== input.defaultValue;
  if (input instanceof HTMLInputElement) {
    if (["hidden", "file", "submit", "button"].includes(input.type)) return false;
    return ["checkbox", "radio"].includes(input.type) ? input.checked !== input.defaultChecked : input.value !== input.defaultValue;
  }
  const options = [...input.options];
  const given = options.some((each) => each.defaultSelected);
  return options.some((each, at) => each.selected !== (given || input.multiple ? each.defaultSelected : at === 0));
}

export function named(form: HTMLFormElement, name: string): HTMLInputElement[] {
  const found = form.elements.namedItem(name);
  const all = found instanceof RadioNodeList ? [...found] : found ? [found] : [];
  return all.filter((each): each is HTMLInputElement => each instanceof HTMLInputElement);
}

/** Puts what was set or filled into an input, unless somebody is typing there. */
export function put(form: HTMLFormElement, id: string, wire: string | readonly string[] | Wire): void {
  const input = document.getElementById(id);
  if (typeof wire === "string") {
    const radios = named(form, id).filter((each) => each.type === "radio");
    for (const radio of radios) radio.checked = radio.value === wire;
    if (!radios.length && isInput(input) && input !== document.activeElement && input.value !== wire) input.value = wire;
  } else if ("id" in wire) {
    if (!(input instanceof HTMLInputElement) || input === document.activeElement) return;
    input.value = wire.text;
    for (const [part, value] of [["id", wire.id], ["shown", wire.text]] as const) {
      for (const hidden of named(form, `${id}-${part}`)) hidden.value = value;
    }
  } else {
    for (const box of named(form, id)) if (box.type === "checkbox") box.checked = wire.includes(box.value);
  }
}
