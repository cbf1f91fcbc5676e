/** The placeholders of a message: pressing one puts it where one wrote last. */

type Text = HTMLInputElement | HTMLTextAreaElement;

export default function placeholders(form: HTMLElement): void {
  let last = form.querySelector<Text>("textarea");
  form.addEventListener("focusin", (event) => {
    if (event.target instanceof HTMLTextAreaElement || (event.target instanceof HTMLInputElement && event.target.type === "text")) last = event.target;
  });
  for (const button of document.querySelectorAll<HTMLButtonElement>(`[data-placeholder][form="${form.id}"]`)) {
    button.addEventListener("click", () => {
      if (!last) return;
      const at = last.selectionEnd ?? last.value.length;
      last.setRangeText(`{${button.dataset["placeholder"] ?? ""}}`, last.selectionStart ?? at, at, "end");
      last.dispatchEvent(new Event("input", { bubbles: true }));
      last.focus();
    });
  }
}
