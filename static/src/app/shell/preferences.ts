/** The theme changes at once, without a reload; the language is the server's. */

const dark = matchMedia("(prefers-color-scheme: dark)");

function apply(theme: string): void {
  const root = document.documentElement;
  root.dataset["theme"] = theme;
  root.dataset["bsTheme"] = theme === "dark" || (theme === "auto" && dark.matches) ? "dark" : "light";
}

export default function preferences(element: HTMLElement): void {
  dark.addEventListener("change", () => apply(document.documentElement.dataset["theme"] ?? "auto"));
  const form = element as HTMLFormElement;
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!(button instanceof HTMLButtonElement) || button.name !== "theme") return;
    event.preventDefault();
    apply(button.value);
    for (const each of form.querySelectorAll<HTMLButtonElement>('button[name="theme"]')) {
      each.setAttribute("aria-pressed", String(each === button));
    }
    const data = new FormData(form, button);
    void fetch(form.action, { method: "POST", body: data, credentials: "same-origin", redirect: "manual" });
  });
}
