/** The form that decides a task: a reason is asked for where one is needed, and nothing is sent twice. */

export default function decide(form: HTMLElement): void {
  const reasons = new Set((form.dataset["reasons"] ?? "").split(" ").filter(Boolean));
  const comment = form.querySelector<HTMLTextAreaElement>("#comment");
  const error = form.querySelector<HTMLElement>("#comment-error");
  const target = form.querySelector<HTMLElement>(".decide-return");
  let sent = false;

  form.addEventListener("submit", (event) => {
    const verdict = (event as SubmitEvent).submitter?.getAttribute("value") ?? "";
    if (sent) {
      event.preventDefault();
      return;
    }
    if (verdict === "return" && target?.hidden) {
      event.preventDefault();
      show();
      if (reasons.has(verdict) && !comment?.value.trim()) complain(form.dataset["reason"] ?? "");
      else target.querySelector("select")?.focus();
      return;
    }
    if (comment && reasons.has(verdict) && !comment.value.trim()) {
      event.preventDefault();
      complain(form.dataset["reason"] ?? "");
      return;
    }
    sent = true;
  });
  // The page may come back from the browser's cache with everything typed.
  window.addEventListener("pageshow", () => (sent = false));
  comment?.addEventListener("input", () => {
    complain("");
    show();
  });
  // To whom it goes back takes room, and matters to few decisions: it comes with the first word.
  if (target && !comment?.value && !target.querySelector(".field-error")) target.hidden = true;

  function show(): void {
    if (target) target.hidden = false;
  }

  function complain(message: string): void {
    if (!comment || !error) return;
    error.textContent = message;
    error.hidden = !message;
    if (message) {
      comment.setAttribute("aria-invalid", "true");
      comment.focus();
    } else {
      comment.removeAttribute("aria-invalid");
    }
  }
}
