/** A form that the server draws anew while it is filled: what follows from a choice, and beside it what follows from all of it.
 *
 * The whole page comes back; of it what `data-aside` names is taken at each change, `#work` where `data-redraws` was changed.
 */

import { csrfToken } from "../http";

const AFTER_MS = 300;

export default function redraw(form: HTMLElement): void {
  if (form instanceof HTMLFormElement) new Redrawn(form).start();
}

class Redrawn {
  private timer: number | undefined;
  private asking: AbortController | undefined;
  private whole = false;

  constructor(private readonly form: HTMLFormElement) {}

  start(): void {
    this.form.addEventListener("input", () => this.later(AFTER_MS));
    this.form.addEventListener("change", (event) => {
      this.whole ||= event.target instanceof HTMLElement && "redraws" in event.target.dataset;
      this.later(this.whole ? 0 : AFTER_MS);
    });
    this.form.addEventListener("submit", () => this.asking?.abort());
  }

  private later(milliseconds: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), milliseconds);
  }

  private async ask(): Promise<void> {
    this.asking?.abort();
    this.asking = new AbortController();
    const body = new FormData(this.form);
    body.set("do_what", "redraw");
    try {
      const answer = await fetch(this.form.action, {
        method: "POST",
        body,
        credentials: "same-origin",
        headers: { "X-CSRFToken": csrfToken() },
        signal: this.asking.signal,
      });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const beside = (this.form.dataset["aside"] ?? "").split(" ").filter(Boolean);
      for (const selector of [...beside, ...(this.whole ? ["#work"] : [])]) replace(selector, page);
      this.whole = false;
    } catch {
      // offline, or overtaken by the next change: what is on the page stays, and the form can be sent as it is
    }
  }
}

/** Takes over what the server drew; the focus stays where it was, by id. */
function replace(selector: string, page: Document): void {
  const [before, after] = [document.querySelector(selector), page.querySelector(selector)];
  if (!before || !after) return;
  const focused = before.contains(document.activeElement) ? document.activeElement?.id : "";
  before.replaceChildren(...after.childNodes);
  before.dispatchEvent(new CustomEvent("signoff:added", { bubbles: true }));
  if (focused) document.getElementById(focused)?.focus();
}
