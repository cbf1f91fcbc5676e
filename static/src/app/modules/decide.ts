/** The form that decides a task: a reason is asked for where one is needed, and nothing is sent twice. */

export default function decide(form: HTMLElement): void {
  const reasons = new Set((form.dataset["reasons"] ?? "").split(" ").filter(Boolean));
  const comment = form.querySelector<HTMLTextAreaElement>("#comment");
  const error = form.querySelector<HTMLElement>("#comment-error");
  let sent = false;

  form.addEventListener("submit", (event) => {
    const verdict = (event as SubmitEvent).submitter?.getAttribute("value") ?? "";
    if (sent) {
      event.preventDefault();
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
  comment?.addEventListener("input", () => complain(""));

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
