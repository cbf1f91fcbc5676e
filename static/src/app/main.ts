/** The start of every page's scripts: `data-module="x"` calls the default export of `shell/x.ts` or `modules/x.ts` with the element. */

import { watchWideTables } from "./scrolling";
import "./styles/main.scss";

/** What a module exports: it is called once for each element that names it. */
export type Module = (element: HTMLElement) => void;

const shell = import.meta.glob<{ default: Module }>(["./shell/*.ts", "!./**/*.test.ts"], { eager: true });
const modules = import.meta.glob<{ default: Module }>(["./modules/*.ts", "!./**/*.test.ts"]);
const started = new WeakMap<HTMLElement, Set<string>>();

async function load(name: string): Promise<Module | undefined> {
  const near = shell[`./shell/${name}.ts`];
  return near ? near.default : (await modules[`./modules/${name}.ts`]?.())?.default;
}

async function start(element: HTMLElement, name: string): Promise<void> {
  const names = started.get(element) ?? new Set();
  if (names.has(name)) return;
  started.set(element, names.add(name));
  const module = await load(name);
  if (module) {
    module(element);
    element.dataset["started"] = [...names].join(" "); // from here on it answers to keys: browser tests wait for it
  } else console.error(`No script module ${name}.`);
}

/** Starts the modules of all elements in `root`; call it for HTML that came later. */
export function enhance(root: ParentNode = document): void {
  for (const element of root.querySelectorAll<HTMLElement>("[data-module]")) {
    for (const name of (element.dataset["module"] ?? "").split(/\s+/).filter(Boolean)) {
      start(element, name).catch((error: unknown) => console.error(`Script module ${name}:`, error));
    }
  }
}

document.documentElement.classList.add("js");
document.addEventListener("signoff:added", (event) => enhance(event.target as HTMLElement));
enhance();
watchWideTables();
