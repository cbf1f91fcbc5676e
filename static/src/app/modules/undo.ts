/** Takes the last decision back by its key, wherever its notice stands. */

import { isChord, isTyping } from "../keys";

export default function undo(notice: HTMLElement): void {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "z" || isChord(event) || isTyping(event.target)) return;
    event.preventDefault();
    notice.querySelector("button")?.click();
  });
}
