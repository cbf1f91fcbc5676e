/** The builder of one definition: its document, what was done to it, what is chosen and what is wrong. */

import { computed, inject, type InjectionKey, provide, ref, type Ref, shallowRef, type ShallowRef } from "vue";
import { setLanguage, t } from "../words";
import type { Length } from "../flows/times";
import type { Boot, Problem } from "./boot";
import { describe, localText } from "./describe";
import { diff } from "./diff";
import { type Edit, follow, isNothing } from "./edits";
import { begin, did, type History, redone, undone } from "./history";
import { isObject, type Json, type JsonObject, type Path, pathOf, pointer } from "./json";

export interface EditOptions {
  /** Edits with the same key in quick succession are taken back together: typing in one field. */
  merge?: string;
  /** Where the selection goes; without it, it follows what it was on. */
  select?: Path | null;
}

export interface Builder {
  readonly kind: "form" | "flow";
  readonly boot: Boot;
  /** This person may only read: inputs are off, edits do nothing. */
  readonly readonly: boolean;
  readonly document: Readonly<ShallowRef<JsonObject>>;
  edit(edit: Edit, options?: EditOptions): void;
  /** Replaces the whole document by as few edits as lead to it, so that undo and the selection stay. */
  become(document: JsonObject, options?: EditOptions): void;
  undo(): void;
  redo(): void;
  readonly canUndo: Readonly<Ref<boolean>>;
  readonly canRedo: Readonly<Ref<boolean>>;
  readonly selection: Ref<Path | null>;
  /** Set by `reveal`: show this part, scroll to it and focus it. */
  readonly revealed: Readonly<ShallowRef<{ readonly path: Path } | null>>;
  reveal(path: Path): void;
  readonly problems: Readonly<Ref<readonly Problem[]>>;
  setProblems(problems: readonly Problem[]): void;
  /** How long the ways of a flow take, as the server last said; `null` where it could not. */
  readonly length: Ref<Length | null>;
  problemsAt(path: Path, deep?: boolean): readonly Problem[];
  /** A text of the definition in the person's language. */
  text(value: Json | undefined): string;
  /** Said to screen readers. */
  announce(text: string): void;
  readonly announced: Readonly<Ref<string>>;
}

const KEY: InjectionKey<Builder> = Symbol("builder");

export function useBuilder(): Builder {
  const found = inject(KEY);
  if (!found) throw new Error("There is no builder above this component.");
  return found;
}

export function provideBuilder(builder: Builder): void {
  provide(KEY, builder);
}

export function createBuilder(boot: Boot, now: () => number = Date.now): Builder {
  setLanguage(boot.language);
  const history = shallowRef<History>(begin(boot.document));
  const document = shallowRef<JsonObject>(boot.document);
  const selection = shallowRef<Path | null>(null);
  const revealed = shallowRef<{ readonly path: Path } | null>(null);
  const problems = shallowRef<readonly Problem[]>(boot.problems.map(whole));
  const places = computed(() => placed(problems.value));
  const announced = ref("");

  function become(next: History, edit: Edit): void {
    if (!isObject(next.document)) return;
    history.value = next;
    document.value = next.document;
    if (selection.value) selection.value = follow(selection.value, edit);
    problems.value = problems.value.flatMap((problem) => moved(problem, edit));
  }

  function announce(text: string): void {
    announced.value = announced.value === text ? `${text}\u00a0` : text; // said again, too
  }

  const builder: Builder = {
    kind: boot.kind,
    boot,
    readonly: !boot.may_change,
    document,
    selection,
    revealed,
    problems,
    length: shallowRef(boot.length),
    announced,
    announce,
    canUndo: computed(() => history.value.done.length > 0),
    canRedo: computed(() => history.value.undone.length > 0),
    edit(edit, options = {}) {
      if (builder.readonly || isNothing(edit)) return;
      become(did(history.value, edit, now(), options.merge), edit);
      if (options.select !== undefined) selection.value = options.select;
    },
    become(next, options) {
      builder.edit(diff(document.value, next), options);
    },
    undo() {
      const found = undone(history.value);
      if (!found) return;
      const [next, last] = found;
      become(next, last.back);
      announce(t("undone", { what: describe(last.before, last.edit) }));
    },
    redo() {
      const found = redone(history.value);
      if (!found) return;
      const [next, last] = found;
      become(next, last.edit);
      announce(t("redone", { what: describe(last.before, last.edit) }));
    },
    reveal(path) {
      selection.value = path;
      revealed.value = { path };
    },
    setProblems(found) {
      problems.value = found.map(whole);
    },
    problemsAt(path, deep = false) {
      const found = places.value.get(pointer(path));
      return (deep ? found?.below : found?.here) ?? NONE;
    },
    text: (value) => localText(value, boot.language),
  };
  return builder;
}

/** The API says the severity of warnings alone. */
function whole(problem: Problem): Problem {
  return { ...problem, severity: problem.severity ?? "error" };
}

interface Place {
  readonly here: Problem[];
  readonly below: Problem[];
}

const NONE: readonly Problem[] = [];

/** Problems by the place that they are at, and by every place above it. */
function placed(problems: readonly Problem[]): Map<string, Place> {
  const places = new Map<string, Place>();
  const place = (path: string) => places.get(path) ?? places.set(path, { here: [], below: [] }).get(path);
  for (const problem of problems) {
    place(problem.path)?.here.push(problem);
    for (let end = problem.path.length; end >= 0; end = end === 0 ? -1 : problem.path.lastIndexOf("/", end - 1)) {
      place(problem.path.slice(0, end))?.below.push(problem);
    }
  }
  return places;
}

/** A problem where its part is after the edit; none where the part is gone. */
function moved(problem: Problem, edit: Edit): Problem[] {
  const path = follow(pathOf(problem.path), edit);
  return path === null ? [] : [{ ...problem, path: pointer(path) }];
}
