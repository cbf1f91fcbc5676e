/** The editor of a definition: Tab indents, Escape then Tab leaves, a problem leads to its line. */

const INDENT = "  ";

export default function jsonEditor(area: HTMLElement): void {
  if (!(area instanceof HTMLTextAreaElement)) return;
  let leaving = false;

  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      leaving = true;
      return;
    }
    if (event.key === "Tab" && !leaving && !event.ctrlKey && !event.altKey) {
      event.preventDefault();
      if (event.shiftKey) outdent(area);
      else area.setRangeText(INDENT, area.selectionStart, area.selectionEnd, "end");
    }
    if (event.key !== "Shift") leaving = false;
  });

  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-line]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      showLine(area, Number(link.dataset["line"]));
    });
  }
}

function outdent(area: HTMLTextAreaElement): void {
  const start = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  if (area.value.startsWith(INDENT, start)) area.setRangeText("", start, start + INDENT.length, "preserve");
}

/** Select a line, from 1, and bring it into view. */
export function showLine(area: HTMLTextAreaElement, line: number): void {
  const lines = area.value.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  area.focus();
  area.setSelectionRange(before, before + (lines[line - 1]?.length ?? 0));
  const height = area.scrollHeight / Math.max(lines.length, 1);
  area.scrollTop = Math.max(0, (line - 4) * height);
}
