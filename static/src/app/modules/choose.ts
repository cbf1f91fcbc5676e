/** Records of a list that are chosen: all of the page at once, and how many there are. */

export default function choose(form: HTMLElement): void {
  const words = JSON.parse(form.dataset["words"] ?? "{}") as { chosen?: string };
  const page = form.querySelector<HTMLInputElement>("[data-choose-page]");
  const all = form.querySelector<HTMLInputElement>("[data-choose-all]");
  const said = form.querySelector<HTMLElement>("[data-chosen]");
  const boxes = [...form.querySelectorAll<HTMLInputElement>("input[name=id]")];
  if (!page || !boxes.length) return;

  form.addEventListener("change", (event) => {
    const changed = event.target as HTMLInputElement;
    if (changed === page || changed === all) for (const box of boxes) box.checked = changed.checked;
    if (all && (changed === page || boxes.includes(changed))) all.checked = false;
    tell();
  });
  addEventListener("pageshow", tell); // a browser that goes back gives ticks back
  tell();

  function tell(): void {
    const count = boxes.filter((box) => box.checked).length;
    page!.checked = count === boxes.length;
    page!.indeterminate = count > 0 && count < boxes.length;
    if (said) said.textContent = all?.checked || !count ? "" : (words.chosen ?? "").replace("{n}", String(count));
  }
}
