/** Tables that are wider than the screen can be scrolled by keyboard: they take the focus while they overflow. */

const WIDE = ".table-wrap, .table-responsive, .lines-scroll";

export function watchWideTables(root: ParentNode = document): void {
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.setAttribute("tabindex", "0");
      else target.removeAttribute("tabindex");
    }
  });
  for (const element of root.querySelectorAll(WIDE)) observer.observe(element);
}
