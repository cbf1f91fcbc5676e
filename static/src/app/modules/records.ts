/** A list's filters: choosing one asks at once, without the button; a row of field, test and value waits for the button. */

export default function records(element: HTMLElement): void {
  if (!(element instanceof HTMLFormElement)) return;
  element.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement && !event.target.closest(".list-conditions")) element.requestSubmit();
  });
  // empty filters need not stand in the address
  element.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData.entries()]) if (value === "") event.formData.delete(name);
  });
}
