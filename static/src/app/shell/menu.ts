/** Menus are `<details>`: they open without scripts. With scripts they close on Escape, outside clicks and when focus leaves. */

export default function menu(element: HTMLElement): void {
  const details = element as HTMLDetailsElement;
  const summary = details.querySelector("summary");
  const close = (focus: boolean): void => {
    if (!details.open) return;
    details.open = false;
    if (focus) summary?.focus();
  };
  details.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close(true);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") move(event);
  });
  details.addEventListener("focusout", (event) => {
    if (event.relatedTarget instanceof Node && !details.contains(event.relatedTarget)) close(false);
  });
  document.addEventListener("click", (event) => {
    if (event.target instanceof Node && !details.contains(event.target)) close(false);
  });

  function move(event: KeyboardEvent): void {
    const lines = [...details.querySelectorAll<HTMLElement>("a[href], button, input")].filter((each) => each !== summary);
    if (event.target instanceof HTMLInputElement || lines.length === 0) return;
    event.preventDefault();
    details.open = true;
    const at = lines.indexOf(document.activeElement as HTMLElement);
    const next = event.key === "ArrowDown" ? at + 1 : at < 0 ? lines.length - 1 : at - 1;
    lines[(next + lines.length) % lines.length]?.focus();
  }
}
