/** The summary of what is wrong: it takes the focus when the page comes back, and its links lead to the inputs. */

export default function problems(element: HTMLElement): void {
  element.focus({ preventScroll: false });
  element.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href^="#"]') : null;
    const target = link ? document.getElementById(decodeURIComponent(link.hash.slice(1))) : null;
    if (!target) return;
    event.preventDefault();
    const input = target.matches("input, select, textarea, button") ? target : target.querySelector<HTMLElement>("input, select, textarea, button");
    target.scrollIntoView({ block: "center" });
    (input ?? target).focus({ preventScroll: true });
  });
}
