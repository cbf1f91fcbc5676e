/** A notice that can be put away; good news goes by itself, bad news stays. */

import { say } from "../say";

const STAYS_MS = 8000;

export default function flash(element: HTMLElement): void {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "notice-close";
  button.setAttribute("aria-label", say("close"));
  button.textContent = "×";
  button.addEventListener("click", () => element.remove());
  element.append(button);
  if (!element.classList.contains("notice-success")) return;
  let timer = setTimeout(() => element.remove(), STAYS_MS);
  element.addEventListener("pointerenter", () => clearTimeout(timer));
  element.addEventListener("pointerleave", () => (timer = setTimeout(() => element.remove(), STAYS_MS)));
  element.addEventListener("focusin", () => clearTimeout(timer));
}

/** Tells something that happened, in the place where the server's own notices stand. */
export function tell(message: string, kind: "success" | "info" | "warning" | "danger" = "success"): void {
  const notice = document.createElement("div");
  notice.className = `notice notice-${kind}`;
  const text = document.createElement("div");
  text.textContent = message;
  notice.append(text);
  document.querySelector(".flashes")?.append(notice);
  flash(notice);
}
