/** The key `/` leads to the search box, or to its page where the bar has no room for one, unless one is typing. */

export default function searchKey(element: HTMLElement): void {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target;
    if (target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select, dialog *"))) return;
    event.preventDefault();
    if (element.offsetParent !== null) element.focus();
    else location.assign((element as HTMLInputElement).form?.action ?? "");
  });
}
