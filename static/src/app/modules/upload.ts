/** Files dropped, pasted, chosen or photographed: uploaded at once with their progress, shown with a small picture, taken off again. */

import { filled, type Limits, sizeOf, wrongWith } from "../filling/files";
import { Pad } from "../filling/signing";
import { csrfToken } from "../http";

interface Stored {
  id: string;
  name: string;
  size_bytes: number;
  url: string;
  thumbnail_url: string | null;
}

interface Words {
  remove: string;
  failed: string;
  large: string;
  kind: string;
  empty: string;
  retry: string;
  done: string;
  wait: string;
}

const AT_ONCE = 3;

export default function upload(element: HTMLElement): void {
  const input = element.querySelector<HTMLInputElement>('input[type="file"]');
  const list = element.querySelector<HTMLUListElement>(".upload-files");
  const url = element.closest("form")?.dataset["upload"];
  if (input && list && url) new Uploads(element, input, list, url).start();
}

class Uploads {
  private readonly words: Partial<Words>;
  private readonly limits: Limits;
  private readonly waiting: (() => void)[] = [];
  private running = 0;
  private isAwaited = false;
  private submitter: HTMLElement | null = null;
  private pad: Pad | undefined;

  constructor(
    private readonly element: HTMLElement,
    private readonly input: HTMLInputElement,
    private readonly list: HTMLUListElement,
    private readonly url: string,
  ) {
    const { words = "{}", accept = "", most = "" } = element.dataset;
    this.words = JSON.parse(words) as Partial<Words>;
    this.limits = { accept: accept.split(",").filter(Boolean), most: Number(most) };
  }

  start(): void {
    for (const input of this.element.querySelectorAll<HTMLInputElement>('input[type="file"]')) {
      input.addEventListener("change", () => {
        this.take([...(input.files ?? [])]);
        input.value = "";
      });
    }
    this.watchDrops();
    this.watchPad();
    this.element.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      this.take(files);
    });
    this.list.addEventListener("click", (event) => this.onClick(event));
    this.element.closest("form")?.addEventListener("submit", (event) => this.onSubmit(event), { capture: true });
  }

  private watchDrops(): void {
    const drop = this.element.querySelector<HTMLElement>(".upload-drop");
    for (const name of ["dragenter", "dragover"]) {
      this.element.addEventListener(name, (event) => {
        event.preventDefault();
        drop?.classList.add("is-over");
      });
    }
    for (const name of ["dragleave", "drop"]) this.element.addEventListener(name, () => drop?.classList.remove("is-over"));
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      if (!this.input.disabled) this.take([...(event.dataTransfer?.files ?? [])]);
    });
  }

  private watchPad(): void {
    const canvas = this.element.querySelector("canvas");
    if (!canvas) return;
    this.pad = new Pad(canvas, (file) => this.take([file]));
    this.pad.start();
    this.element.querySelector("[data-sign='clear']")?.addEventListener("click", () => {
      this.pad?.clear();
      for (const line of [...this.list.children]) this.drop(line);
      this.changed();
    });
  }

  private onClick(event: MouseEvent): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>('[data-upload="remove"]') : null;
    if (!button) return;
    event.preventDefault();
    const line = button.closest("li");
    line?.dispatchEvent(new CustomEvent("signoff:removed"));
    line?.remove();
    this.pad?.clear();
    this.changed();
    this.input.focus();
  }

  /** A form that is sent before its files are there waits for them. */
  private onSubmit(event: SubmitEvent): void {
    this.pad?.finish();
    if (!this.running) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.isAwaited = true;
    this.submitter = event.submitter ?? null;
    this.say(this.words.wait ?? "");
  }

  private take(files: File[]): void {
    const many = Boolean(this.element.dataset["many"]);
    const chosen = many ? files : files.slice(0, 1);
    if (!many && chosen.length) for (const line of [...this.list.children]) this.drop(line);
    for (const file of chosen) this.offer(file);
  }

  private drop(line: Element): void {
    line.dispatchEvent(new CustomEvent("signoff:removed"));
    line.remove();
  }

  private offer(file: File): void {
    const line = document.createElement("li");
    line.className = "upload-file";
    this.list.append(line);
    const wrong = wrongWith(file, this.limits);
    if (wrong) {
      const accept = this.element.dataset["kinds"] ?? "";
      this.failed(line, file, filled(this.words[wrong], { name: file.name, size: sizeOf(file.size), most: sizeOf(this.limits.most), accept }));
      return;
    }
    this.queue(line, file);
  }

  private queue(line: HTMLLIElement, file: File): void {
    const progress = document.createElement("progress");
    progress.max = 1;
    progress.value = 0;
    progress.setAttribute("aria-label", file.name);
    const name = document.createElement("span");
    name.textContent = file.name;
    line.classList.remove("is-wrong");
    line.replaceChildren(...preview(file), name, progress, this.removal(file.name));
    this.waiting.push(() => this.send(line, file, progress));
    this.next();
  }

  private next(): void {
    while (this.running < AT_ONCE) {
      const begin = this.waiting.shift();
      if (!begin) break;
      this.running++;
      begin();
    }
    if (this.running || !this.isAwaited) return;
    this.isAwaited = false;
    // what failed is looked at first
    if (!this.list.querySelector(".field-error")) this.element.closest("form")?.requestSubmit(this.submitter);
  }

  private send(line: HTMLLIElement, file: File, progress: HTMLProgressElement): void {
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
      else this.failed(line, file, `${file.name}: ${detailOf(request.responseText) || filled(this.words.failed, { name: file.name })}`);
    });
    request.addEventListener("error", () => this.failed(line, file, filled(this.words.failed, { name: file.name }), true));
    request.addEventListener("loadend", () => {
      this.running--;
      this.next();
    });
    line.addEventListener("signoff:removed", () => request.abort(), { once: true });
    if (!line.isConnected) {
      this.running--;
      return;
    }
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
    line.dataset["file"] = stored.id;
    line.replaceChildren(hidden, ...(stored.thumbnail_url ? [picture(stored.thumbnail_url)] : []), link, size, this.removal(stored.name));
    this.say(filled(this.words.done, { name: stored.name }));
    this.changed();
  }

  private removal(name: string): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-icon";
    button.dataset["upload"] = "remove";
    button.textContent = "×";
    button.setAttribute("aria-label", filled(this.words.remove, { name }));
    return button;
  }

  /** Says what is wrong with a file at the file; `again`: it may go better a second time. */
  private failed(line: HTMLLIElement, file: File, why: string, again = false): void {
    const text = document.createElement("span");
    text.className = "field-error";
    text.setAttribute("role", "alert");
    text.textContent = why;
    line.classList.add("is-wrong");
    line.replaceChildren(text);
    if (again) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-outline btn-sm";
      button.textContent = this.words.retry ?? "";
      button.addEventListener("click", () => this.queue(line, file));
      line.append(button);
    }
    line.append(this.removal(file.name));
  }

  private say(text: string): void {
    const place = this.element.querySelector("[data-upload-said]");
    if (place) place.textContent = text;
  }

  private changed(): void {
    this.element.dispatchEvent(new CustomEvent("signoff:changed", { bubbles: true }));
  }
}

function picture(url: string): HTMLImageElement {
  const image = document.createElement("img");
  image.src = url;
  image.alt = "";
  image.width = image.height = 48;
  return image;
}

/** The picture itself while it is on its way. */
function preview(file: File): HTMLImageElement[] {
  if (!/^image\/(png|jpeg|gif|webp)$/.test(file.type) || !("createObjectURL" in URL)) return [];
  const image = picture(URL.createObjectURL(file));
  image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
  return [image];
}

function detailOf(text: string): string {
  try {
    return (JSON.parse(text) as { detail?: string }).detail ?? "";
  } catch {
    return "";
  }
}
