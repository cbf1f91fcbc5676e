/** A reply template that is chosen goes into the comment, behind what stands there. */

export default function replies(form: HTMLElement): void {
  const choice = form.querySelector<HTMLSelectElement>("#reply");
  const comment = form.querySelector<HTMLTextAreaElement>("#comment");
  if (!choice || !comment) return;
  const texts = JSON.parse(choice.dataset["replies"] ?? "[]") as string[];
  choice.addEventListener("change", () => {
    const text = texts[choice.selectedIndex - 1];
    if (!text) return;
    const before = comment.value.trimEnd();
    comment.value = before ? `${before}\n${text}` : text;
    choice.selectedIndex = 0; // it stands in the comment now, and may be changed there
    comment.dispatchEvent(new Event("input", { bubbles: true }));
    comment.focus();
  });
}
