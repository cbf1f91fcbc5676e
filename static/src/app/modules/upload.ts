/** Files dropped into a field: uploaded at once with their progress, shown with a small picture, taken off again. */

import { csrfToken } from "../http";
import { say } from "../say";

interface Stored {
  id: string;
  name: string;
  size_bytes: number;
  url: string;
  thumbnail_url: string | null;
}

export default function upload(element: HTMLElement): void {
  const input = element.querySelector<HTMLInputElement>('input[type="file"]');
  const list = element.querySelector<HTMLUListElement>(".upload-files");
  const url = element.closest("form")?.dataset["upload"];
  if (input && list && url) new Uploads(element, input, list, url).start();
}

class Uploads {
  constructor(
    private readonly element: HTMLElement,
    private readonly input: HTMLInputElement,
    private readonly list: HTMLUListElement,
    private readonly url: string,
  ) {}

  start(): void {
    this.input.addEventListener("change", () => {
      this.take([...(this.input.files ?? [])]);
      this.input.value = "";
    });
    const drop = this.element.querySelector<HTMLElement>(".upload-drop");
    for (const name of ["dragenter", "dragover"]) {
      drop?.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.add("is-over");
      });
    }
    for (const name of ["dragleave", "drop"]) drop?.addEventListener(name, () => drop.classList.remove("is-over"));
    drop?.addEventListener("drop", (event) => {
      event.preventDefault();
      this.take([...(event.dataTransfer?.files ?? [])]);
    });
    this.element.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length) {
        event.preventDefault();
        this.take(files);
      }
    });
    this.list.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest('[data-upload="remove"]') : null;
      if (!button) return;
      event.preventDefault();
      button.closest("li")?.remove();
      this.changed();
      this.input.focus();
    });
  }

  private take(files: File[]): void {
    const chosen = this.element.dataset["many"] ? files : files.slice(0, 1);
    if (!this.element.dataset["many"] && chosen.length) this.list.replaceChildren();
    for (const file of chosen) this.send(file);
  }

  private send(file: File): void {
    const line = document.createElement("li");
    line.className = "upload-file";
    const name = document.createElement("span");
    name.textContent = file.name;
    const progress = document.createElement("progress");
    progress.max = 1;
    progress.value = 0;
    progress.setAttribute("aria-label", file.name);
    line.append(name, progress);
    this.list.append(line);
    // fetch does not tell how far an upload is
    const request = new XMLHttpRequest();
    request.open("POST", this.url);
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress.value = event.loaded / event.total;
    });
    request.addEventListener("load", () => {
      if (request.status === 201) this.stored(line, JSON.parse(request.responseText) as Stored);
      else this.failed(line, file.name, detailOf(request.responseText));
    });
    request.addEventListener("error", () => this.failed(line, file.name, say("failed")));
    const body = new FormData();
    body.append("file", file);
    request.send(body);
  }

  private stored(line: HTMLLIElement, stored: Stored): void {
    const hidden = document.createElement("input");
    hidden.type = "hidden";
    hidden.name = this.element.dataset["name"] ?? "";
    hidden.value = stored.id;
    const link = document.createElement("a");
    link.href = stored.url;
    link.textContent = stored.name;
    const size = document.createElement("span");
    size.className = "upload-size";
    size.textContent = sizeOf(stored.size_bytes);
    const picture = stored.thumbnail_url ? document.createElement("img") : document.createElement("span");
    if (picture instanceof HTMLImageElement) {
      picture.src = stored.thumbnail_url ?? "";
      picture.alt = "";
      picture.width = picture.height = 48;
    }
    line.dataset["file"] = stored.id;
    line.replaceChildren(hidden, picture, link, size, this.removal(stored.name));
    this.changed();
  }

  private removal(name: string): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-icon";
    button.dataset["upload"] = "remove";
    button.textContent = "×";
    button.setAttribute("aria-label", `${this.element.dataset["remove"] ?? ""} ${name}`);
    return button;
  }

  private failed(line: HTMLLIElement, name: string, why: string): void {
    const text = document.createElement("span");
    text.className = "field-error";
    text.setAttribute("role", "alert");
    text.textContent = `${name}: ${why || (this.element.dataset["failed"] ?? "")}`;
    line.replaceChildren(text, this.removal(name));
  }

  private changed(): void {
    this.element.dispatchEvent(new CustomEvent("signoff:changed", { bubbles: true }));
  }
}

function detailOf(text: string): string {
  try {
    return (JSON.parse(text) as { detail?: string }).detail ?? "";
  } catch {
    return "";
  }
}

export function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
