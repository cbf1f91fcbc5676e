/** A form or button that asks before it acts: `data-module="confirm" data-confirm="Delete “Chair”?" data-confirm-label="Delete"`. */

import { say } from "../say";

export interface Question {
  text: string;
  /** What the button that goes on says. */
  label?: string | undefined;
  danger?: boolean;
}

/** Asks in a dialog; true if the person goes on. Focus returns to where it was. */
export function ask({ text, label, danger = false }: Question): Promise<boolean> {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "dialog-text");
  const form = document.createElement("form");
  form.method = "dialog";
  const words = document.createElement("p");
  words.id = "dialog-text";
  words.textContent = text;
  const row = document.createElement("div");
  row.className = "dialog-actions";
  row.append(
    button("cancel", say("cancel"), "btn btn-outline"),
    button("yes", label ?? say("confirm"), danger ? "btn btn-danger" : "btn btn-primary"),
  );
  form.append(words, row);
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}

function button(value: string, text: string, look: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.value = value;
  made.textContent = text;
  made.className = look;
  return made;
}

export default function confirm(element: HTMLElement): void {
  const form = element instanceof HTMLFormElement ? element : element.closest("form");
  let agreed = false;
  form?.addEventListener("submit", (event) => {
    const submitter = event.submitter as HTMLButtonElement | null;
    if (agreed || (element !== form && submitter !== element)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { confirm: text = "", confirmLabel: label, confirmDanger } = element.dataset;
    void ask({ text, label, danger: confirmDanger !== undefined }).then((yes) => {
      if (!yes) return;
      agreed = true;
      form.requestSubmit(submitter);
      agreed = false;
    });
  });
}
